"""The words of the gateway's manual: every status code of its table, with the sentence that stands beside it."""

from __future__ import annotations

OK = 0
NOT_ENOUGH_CREDITS = -2
INVALID_USER_OR_PASS = -5
MISSING_DESTINATION_ADDRESS = -6
BALANCE_EXPIRED = -7
REJECTED = -10
NUMBER_NOT_RECOGNISED = -11
MISSING_MESSAGE = -12
INVALID_DESTINATION_ADDRESS = -13
SYNTAX_ERROR = -22
IP_ADDRESS_FORBIDDEN = -40
SPAM_PATTERN = -77
LIMIT_REACHED = -78
REJECTED_ROUTE = -88
GENERAL_ERROR = -99

CODES: dict[int, tuple[str, str]] = {
    0: ("ALL_RECIPIENTS_PROCESSED", "Request was successful (all recipients)"),
    -1: ("SEND_ERROR", "Error in processing the request"),
    -2: ("NOT_ENOUGH_CREDITS", "Not enough credits on a specific account"),
    -3: ("NETWORK_NOTCOVERED", "Targeted network is not covered on specific account"),
    -5: ("INVALID_USER_OR_PASS", "Username or password is invalid"),
    -6: ("MISSING_DESTINATION_ADDRESS", "Destination address is missing in the request"),
    -7: ("BALANCE_EXPIRED", "Balance has expired"),
    -9: ("NO_ROUTE", "No route for the operator"),  # not on the page: seen in clients' code
    -10: ("REJECTED", "OTP messages that do not use an OTP route will be REJECTED"),
    -11: ("INVALID_DESTINATION_ADDRESS", "Number is not recognized by NusaSMS platform"),
    -12: ("MISSING_MESSAGE", "Message is missing in the request"),
    -13: ("INVALID_DESTINATION_ADDRESS", "Number is not recognized by NusaSMS platform"),
    -22: ("SYNTAX_ERROR", "Incorrect XML format, caused by syntax error"),
    -23: ("ERROR_PROCESSING", "General error, reasons may vary"),
    -26: ("COMMUNICATION_ERROR", "General API error, reasons may vary"),
    -27: ("INVALID_SENDDATETIME", "Invalid scheduling parametar"),
    -28: ("INVALID_DELIVERY_REPORT_PUSH_URL", "Invalid PushURL in the request"),
    -30: ("INVALID_CLIENT_APPID", "Invalid APPID in the request"),
    -33: ("DUPLICATE_MESSAGEID", "Duplicated MessageID in the request"),
    -34: ("SENDER_NOT_ALLOWED", "Sender name is not allowed"),
    -40: ("IP_ADDRESS_FORBIDDEN", "Client IP Address Not In White List"),
    -77: ("SPAM_PATTERN", "More than 10 same message send to the same recipeints in 1 day"),
    -78: ("LIMIT_REACHED", "Sending messages to the same number has reached the limit in 24 hours"),
    -88: ("REJECTED_ROUTE", "Operator Rejected The Request"),
    -99: ("GENERAL_ERROR", "Error in processing request, reasons may vary"),
}

LETTERS = {"": "accepted", "S": "sent", "D": "delivered", "R": "read", "F": "failed", "A": "aborted"}


def words_of(code: int) -> str:
    """Return the manual's sentence for a code, or one that says that the manual has none."""
    return CODES.get(code, ("", f"Status {code} is not in the manual"))[1]


def name_of(code: int) -> str:
    return CODES.get(code, ("UNLISTED", ""))[0]
