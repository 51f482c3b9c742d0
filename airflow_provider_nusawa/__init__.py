"""Send WhatsApp messages from Apache Airflow through the NusaSMS gateway, and never one twice."""

__version__ = "0.1.0"
