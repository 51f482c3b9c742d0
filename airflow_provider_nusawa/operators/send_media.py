"""NusaWaSendMediaOperator: a picture or document to one or many people, none of them twice."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_provider_nusawa.operators.any_path import path_of
from airflow_provider_nusawa.operators.api_options import options_of
from airflow_provider_nusawa.operators.sending_task import SendingOperator

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context, ObjectStoragePath

    from airflow_provider_nusawa.gateway.media import Media
    from airflow_provider_nusawa.gateway.messages import Message
    from airflow_provider_nusawa.hooks import NusaWaHook


class NusaWaSendMediaOperator(SendingOperator):
    """Sends a picture or document, with a caption, to one person or to many, and messages none of them twice.

    It needs API v1.0: ``api_version`` v1 in the connection. In all else it is ``NusaWaSendMessageOperator``: what it
    remembers, what it returns and how it fails. Give either ``media_url`` or ``file``. Type and size of a file are
    checked before anything is asked of the gateway.

    :param to: A phone number as people write it, or a list of up to 500. (templated)
    :param media_url: A public http or https address that the gateway fetches. (templated)
    :param file: A file of at most 512 KB: a path, such as ``/data/invoice.pdf``, an address of Airflow's object
        storage, such as ``s3://aws_default@invoices/42.pdf``, or an ``ObjectStoragePath``. (templated)
    :param file_name: The file's name as the person sees it; left out, the file's own. (templated)
    :param caption: Text below it, at most 1000 characters; may be empty. (templated)
    :param kwargs: The other parameters of ``SendingOperator``: ``sender``, ``gateway_queue``,
        ``include_unsubscribe``, ``on_unknown``, ``on_partial``, ``idempotency_key``, ``heed_suppressions`` and
        ``nusawa_conn_id``.
    :raises AirflowFailException: Where no retry can help: a refusal for good, or an outcome that stays unknown.
    :raises AirflowException: Where a retry can help. Retries send only to those who were not reached.
    """

    template_fields: Sequence[str] = (*SendingOperator.template_fields, "media_url", "file", "file_name", "caption")

    def __init__(
        self,
        *,
        to: str | int | list[str | int],
        media_url: str | None = None,
        file: str | Path | ObjectStoragePath | None = None,
        file_name: str | None = None,
        caption: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(to=to, **kwargs)
        if (media_url is None) == (file is None):
            raise ValueError("give either media_url or file")
        if file is None and file_name is not None:
            raise ValueError("file_name needs a file; what media_url leads to keeps its own name")
        self.media_url = media_url
        # A template is text: the templater leaves a pathlib.Path alone.
        self.file = str(file) if isinstance(file, Path) else file
        self.file_name = file_name
        self.caption = caption

    def _messages(self, hook: NusaWaHook, context: Context) -> list[Message]:
        from airflow_provider_nusawa.gateway.media import Media
        from airflow_provider_nusawa.gateway.messages import Message
        from airflow_provider_nusawa.recipients import read_recipients, read_text

        caption = read_text(self.caption)
        media = Media(url=read_text(self.media_url)) if self.file is None else _read(self.file, self.file_name or "")
        numbers = read_recipients(self.to, hook.normalise)
        return [Message(number, caption, media, options_of(self)) for number in numbers]


def _read(file: Any, file_name: str) -> Media:
    """Read a file, and no more of it than may be sent."""
    from airflow_provider_nusawa.gateway.media import MAX_FILE_BYTES, Media, check_name, check_size

    path = path_of(file)
    name = file_name or path.name
    check_name(name)
    check_size(path.stat().st_size)
    with path.open("rb") as opened:
        return Media(content=opened.read(MAX_FILE_BYTES + 1), file_name=name)
