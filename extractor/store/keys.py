"""Every key that we keep in Redis, with a sentence each. The scripts in `lua/` spell them the same way.

All begin with `extractor:`, so that the database may be shared with the Celery broker and with others. Scripts make
key names from ids, which a Redis Cluster would not allow; `connecting` refuses one.

| key | type | what it holds |
|---|---|---|
| `extractor:meta` | hash | `version` of this data; `swept` and `run_id` of the last sweep; `quiet`: until when |
| `extractor:seq` | number | submissions so far: the order within a tenant |
| `extractor:turn` | number | claims so far: the order between tenants |
| `extractor:tenants` | set | every tenant that submitted |
| `extractor:e:ID` | hash | one extraction, all of it: facts, `body`, `result`, and its journal as below |
| `extractor:schema:DIGEST` | string | a schema that open extractions refer to |
| `extractor:key:TENANT:HASH` | string | the id and digest that an idempotency key stands for |
| `extractor:ready:CLASS:TENANT` | sorted set | ids to be claimed, by submission number |
| `extractor:turns:CLASS` | sorted set | tenants with something ready, by the turn they last had |
| `extractor:running` | sorted set | ids under a lease, by its end in ms |
| `extractor:due` | sorted set | deferred ids, by the time in ms they are tried again |
| `extractor:deadlines` | sorted set | open ids, by deadline in ms |
| `extractor:suspects` | sorted set | ids in flight when a process died, by submission number |
| `extractor:alone` | sorted set | those to be run each alone, by submission number |
| `extractor:list:TENANT:END` | sorted set | ended ids, by the time in ms of their end |
| `extractor:list:TENANT:open` | sorted set | open ids, by the time in ms of their submission |
| `extractor:b:TENANT:BATCH` | hash | a batch: tenant, times, money, how many members it has and how they ended |
| `extractor:b:TENANT:BATCH:members` | list | its ids |
| `extractor:money:TENANT:DAY` | hash | the money of a tenant on a UTC day, counted from 1970-01-01 |
| `extractor:closing` | sorted set | `TENANT:BATCH` of ended batches, by how many members have their expiry |
| `extractor:outbox` | sorted set | `TASK ID` pairs to be told to Celery, by the time in ms of the next try |
| `extractor:pause` | hash | why nothing is claimed |
| `extractor:draining` | string | present while nothing new is taken |
| `extractor:rung:CLASS` | string | present while a ticket for the class is under way |
| `extractor:workers` | sorted set | worker processes, by the time in ms of their last sign of life |
| `extractor:workers:running` | hash | how many extractions each has in flight |
| `extractor:cool` | hash | until when a lane takes no requests, in ms, by LANE, which is `ENDPOINT MODEL` |
| `extractor:pace:LANE` | hash | `requests` and `tokens` per minute: when what was counted is paid off, in ms |
| `extractor:pace:TENANT:LANE` | hash | the same of one tenant |

The journal of an extraction: `open:KEY@TOKEN` holds the dollars set aside for a call and the day on whose money they
are, `gen:KEY@TOKEN` the provider's id of it, `end:KEY@TOKEN` its bill and its reply, `gone:KEY@TOKEN` that its lease
was lost before its end, so that what was set aside is counted as spent. `kept:KEY@TOKEN` is the `end` of a call of the
extraction that this one is a re-run of, named by `retry_of`; that one names the re-run by `retried`. KEY is
`window.round.attempt`, TOKEN the lease it was made under, marked `+N` where the same question was asked again.

Money is counted in billionths of a dollar: `cap` (absent = none), `spent`, and `reserved` for calls that are open. A
call draws from its extraction, from its batch and from its tenant's day, whether or not they have a cap.

Channels: `extractor:control` (`cancel ID`, `cool MS LANE`, `open`, `wake`) and `extractor:ended` (ids, by spaces).
"""

from __future__ import annotations

from typing import Final

PREFIX: Final = "extractor:"
META: Final = f"{PREFIX}meta"
CONTROL: Final = f"{PREFIX}control"
ENDED: Final = f"{PREFIX}ended"
COOL: Final = f"{PREFIX}cool"
#: Version of the data under these keys. Another one is refused, never guessed at.
DATA_VERSION: Final = "1"


def extraction(id: str) -> str:  # noqa: A002 - the word of the records
    """Return the key of an extraction."""
    return f"{PREFIX}e:{id}"


def schema(digest: str) -> str:
    """Return the key of a schema."""
    return f"{PREFIX}schema:{digest}"


def listing(tenant: str, state: str) -> str:
    """Return the key of the ids of a tenant in an end, or of its open ones."""
    return f"{PREFIX}list:{tenant}:{state}"


def batch(tenant: str, id: str) -> str:  # noqa: A002 - the word of the records
    """Return the key of a batch; its list of members has it as its beginning."""
    return f"{PREFIX}b:{tenant}:{id}"


def daily_money(tenant: str, day: int) -> str:
    """Return the key of the money of a tenant on a UTC day, counted from 1970-01-01."""
    return f"{PREFIX}money:{tenant}:{day}"


def pace(lane: str, *, tenant: str = "") -> str:
    """Return the key of what is counted per minute on a lane, by all tenants or by one."""
    return f"{PREFIX}pace:{tenant}:{lane}" if tenant else f"{PREFIX}pace:{lane}"
