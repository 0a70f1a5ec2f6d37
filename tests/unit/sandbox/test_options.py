"""How the sandbox is started."""

from dataclasses import fields

from worker.sandbox.options import CHANGEABLE, Options, read


def test_it_can_be_told_everything_on_its_command_line() -> None:
    options = read(
        [
            *("--port", "4711", "--account-sid", "AC1", "--auth-token", "t", "--api-key", "SG.k"),
            *("--latency-ms", "250", "--pace", "0.5", "--list-lag", "2"),
        ]
    )

    assert (options.port, options.account_sid, options.auth_token) == (4711, "AC1", "t")
    assert (options.latency_ms, options.pace, options.list_lag) == (250, 0.5, 2)


def test_it_is_whole_and_prompt_unless_told_otherwise() -> None:
    options = read([])

    assert (options.latency_ms, options.pace, options.list_lag) == (0, 1, 0)
    switches = ("callbacks", "suspended", "credits_exhausted", "unusable_sender")
    assert [getattr(options, name) for name in switches] == [True, False, False, False]


def test_credentials_and_addresses_cant_be_changed_while_it_runs() -> None:
    fixed = {field.name for field in fields(Options)} - set(CHANGEABLE)

    assert fixed == {
        *("port", "account_sid", "auth_token", "api_key"),
        *("webhook_url", "webhook_private_key", "smtp_port", "smtp_certificate"),
    }
