"""Everything a run needs: services, sandbox, hosts and an operator, each reached as a deployment would."""

import os
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from config.settings import load
from tests.beyond.balancer import balancing
from tests.beyond.hosts import Host, make_hosts
from tests.beyond.pgbouncer import PgBouncer, running_pgbouncer
from tests.beyond.rabbitmq import RabbitMQ, running_rabbitmq
from worker.local.interrupts import Interrupts
from worker.local.ports import free_port
from worker.local.postgres import EmbeddedPostgres, running_postgres
from worker.local.processes import wait_for
from worker.local.stack import sandbox_environment
from worker.local.valkey import running_valkey
from worker.runtime import Runtime, build
from worker.store.migrate import upgrade

# Low enough that every permission is asked for, and that work is under way whenever something is killed.
RATES = {"VOICE_PER_SECOND": "50", "SMS_PER_SECOND": "25", "EMAIL_PER_SECOND": "12"}


@dataclass(frozen=True, slots=True)
class Topology:
    """What is running."""

    postgres: EmbeddedPostgres
    pgbouncer: PgBouncer
    rabbitmq: RabbitMQ
    hosts: list[Host]
    sandbox_url: str
    operator: Runtime


def set_up(stack: ExitStack, home: Path, interrupts: Interrupts) -> Topology:
    """Start all of it; the stack ends it."""
    postgres = stack.enter_context(running_postgres(home / "postgres", fresh=True))
    pgbouncer = stack.enter_context(running_pgbouncer(home / "pgbouncer", postgres))
    rabbitmq = stack.enter_context(running_rabbitmq(home / "rabbitmq"))
    valkey = stack.enter_context(running_valkey(home / "valkey"))
    balancer = free_port()
    shared = {
        "DATABASE_URL": pgbouncer.url,
        "BROKER_URL": rabbitmq.url,
        "LIMITS_URL": valkey.url,
        "PUBLIC_URL": f"http://127.0.0.1:{balancer}",
        "FLOWER_BASIC_AUTH": "beyond:unused",
        "MAIL_GROUP": "5",
        "LOG_LEVEL": "WARNING",
        "SANDBOX_LIST_LAG": "1.0",
        "SANDBOX_LATENCY_MS": "200",  # wide enough for a kill to hit requests on their way
        **RATES,
    }
    sandbox_url = sandbox_environment(stack, home, shared)
    wait_for(f"{sandbox_url}/sandbox/summary", interrupts)
    operator = _operator(stack, home, shared)
    hosts = make_hosts(shared, home)
    stack.enter_context(balancing(balancer, [host.web_port for host in hosts if host.is_web]))
    for host in hosts:
        stack.callback(host.stop)
        host.start()
    for host in hosts:
        if host.is_web:
            wait_for(f"http://127.0.0.1:{host.web_port}/health/live", interrupts)
    return Topology(postgres, pgbouncer, rabbitmq, hosts, sandbox_url, operator)


def _operator(stack: ExitStack, home: Path, shared: dict[str, str]) -> Runtime:
    """Somebody at a fourth host, who migrates and uploads through the pooler as well."""
    os.environ.update({**shared, "STATE_DIR": str(home / "operator")})
    settings = load()
    upgrade(settings.database_url)
    operator = build(settings)
    stack.callback(operator.engine.dispose)
    stack.callback(operator.patient_engine.dispose)
    return operator
