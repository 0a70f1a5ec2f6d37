"""Signing as Twilio does: their own vector, and ours against their validator."""

from twilio.request_validator import RequestValidator

from worker.sandbox.callbacks import twilio_signature

# twilio-python, tests/unit/test_request_validator.py
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
FORM = {
    "CallSid": "CA1234567890ABCDE",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
    "Caller": "+14158675309",
}


def test_twilios_own_vector_comes_out() -> None:
    assert twilio_signature("12345", URL, FORM) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def test_empty_fields_and_any_script_are_signed_too() -> None:
    form = {"To": "+15125550100", "Body": "Grüße 你好", "ErrorCode": ""}
    signature = twilio_signature("token", "http://127.0.0.1:8080/callbacks/sms/t", form)

    validator = RequestValidator("token")
    assert validator.validate("http://127.0.0.1:8080/callbacks/sms/t", form, signature)
    assert not validator.validate("http://127.0.0.1:8080/callbacks/sms/u", form, signature)
    assert not RequestValidator("other").validate(
        "http://127.0.0.1:8080/callbacks/sms/t", form, signature
    )
