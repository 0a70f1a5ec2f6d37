"""A token bucket in Redis or Valkey, on the server's clock: one script a step, so that none interleave."""

from dataclasses import dataclass

from redis import Redis

# A tenth of a second's worth may go out at once: a provider that counts whole seconds sees no burst.
BURST_SECONDS = 0.1
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
# After a refusal for its rate the bucket fills at half speed and doubles back over this time.
RECOVERY_SECONDS = 30.0

# However long a provider asks for.
LONGEST_BLOCK = 3600.0

# KEYS[1] a hash: tokens, at (s), until (s), factor, slowed (s), strikes. A missing one is a full
# bucket, so that a server that forgets costs one burst. Nothing was ever asked in the future: where it
# says so the clock has been put back, and every moment it remembers goes back with it. One that was put
# forward costs one burst.
_READ = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local f = redis.call('HMGET', KEYS[1], 'tokens', 'at', 'until', 'factor', 'slowed', 'strikes')
local rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local tokens, at = tonumber(f[1]) or burst, tonumber(f[2]) or now
local blocked, slowed = tonumber(f[3]) or 0, tonumber(f[5]) or 0
local factor = tonumber(f[4]) or 1
local strikes = tonumber(f[6]) or 0
if at > now then
  local ahead = at - now
  at, blocked, slowed = now, blocked - ahead, slowed - ahead
  redis.call('HSET', KEYS[1], 'at', string.format('%.6f', at),
             'until', string.format('%.6f', blocked), 'slowed', string.format('%.6f', slowed))
end
blocked = math.min(blocked, now + tonumber(ARGV[#ARGV]))
factor = math.min(1, factor * 2 ^ (math.max(0, now - slowed) / tonumber(ARGV[3])))
local from = math.max(at, math.min(blocked, now))
tokens = math.min(burst, tokens + math.max(0, now - from) * rate * factor)
local function keep()
  redis.call('HSET', KEYS[1], 'tokens', string.format('%.6f', tokens),
             'at', string.format('%.6f', math.max(now, at)))
  redis.call('EXPIRE', KEYS[1], 3600)
end
"""
_TAKE = (
    _READ
    + """
local wanted, least = tonumber(ARGV[4]), tonumber(ARGV[5])
if blocked > now then keep(); return {0, string.format('%.6f', blocked - now)} end
local given = math.max(0, math.min(wanted, math.floor(tokens + 0.000001)))
if given < least then given = 0 end
tokens = tokens - given
keep()
local missing = math.max(0, math.min(wanted, burst) - tokens)
return {given, given > 0 and '0' or string.format('%.6f', missing / (rate * factor))}
"""
)
_GIVE_BACK = _READ + "\ntokens = math.min(burst, tokens + tonumber(ARGV[4]))\nkeep()\nreturn 1\n"
# Refusals that arrive while the bucket is blocked belong to the same overload: they are one strike.
_SLOW = (
    _READ
    + """
local named, first, longest = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
if blocked <= now then
  strikes = (now - slowed < 2 * longest) and strikes + 1 or 1
  factor = math.max(0.05, factor / 2)
end
local pause = math.max(named, math.min(longest, first * 2 ^ (strikes - 1)))
blocked = math.max(blocked, now + pause)
tokens = math.min(tokens, 0)
keep()
redis.call('HSET', KEYS[1], 'until', string.format('%.6f', blocked), 'strikes', strikes,
           'factor', string.format('%.6f', factor), 'slowed', string.format('%.6f', blocked))
redis.call('EXPIRE', KEYS[1], math.ceil(pause) + 3600)
return string.format('%.6f', blocked - now)
"""
)


@dataclass(frozen=True, slots=True)
class Bucket:
    """A limited thing: an account's channel or one sender, and how many requests a second."""

    name: str
    per_second: float
    largest: float = 1.0
    """Permits that one request may need, and so gets at once."""

    @property
    def burst(self) -> float:
        """Return how many may go out at once."""
        return max(self.largest, self.per_second * BURST_SECONDS)


class Buckets:
    """The buckets of one server. Every method raises `redis.RedisError` when it is away."""

    def __init__(self, server: "Redis", prefix: str = "outreach:limit:") -> None:
        self._prefix = prefix
        self._take = server.register_script(_TAKE)
        self._give_back = server.register_script(_GIVE_BACK)
        self._slow = server.register_script(_SLOW)

    def take(self, bucket: Bucket, wanted: int, least: int = 1) -> tuple[int, float]:
        """Returns how many permits were given, and when none: seconds until it is worth asking.

        Fewer than `least`, which is no more than the bucket's `largest`, are none.
        """
        given, wait = self._take(
            keys=[self._key(bucket)], args=[*_shape(bucket), wanted, least, LONGEST_BLOCK]
        )
        return int(given), float(wait)

    def give_back(self, bucket: Bucket, count: int) -> None:
        """Return unused permits; a negative count is a debt for what was used beyond them."""
        self._give_back(keys=[self._key(bucket)], args=[*_shape(bucket), count, LONGEST_BLOCK])

    def slow(self, bucket: Bucket, after: float | None) -> float:
        """The provider refused for its rate. Returns the seconds until anybody may ask again."""
        named = min(after or 0.0, LONGEST_BLOCK)
        args = [*_shape(bucket), named, FIRST_PAUSE, LONGEST_PAUSE, LONGEST_BLOCK]
        return float(self._slow(keys=[self._key(bucket)], args=args))

    def _key(self, bucket: Bucket) -> str:
        return f"{self._prefix}{bucket.name}"


def _shape(bucket: Bucket) -> list[float]:
    return [bucket.per_second, bucket.burst, RECOVERY_SECONDS]
