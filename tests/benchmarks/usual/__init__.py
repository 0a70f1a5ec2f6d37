"""The usual Celery application, as one would write it with care, to compare with.

It gives the same guarantee at its core: the attempt is committed before the provider is asked, a
request that has one is never sent again, what came of it is committed after. One task per request,
SQLAlchemy's ORM, the providers' synchronous SDKs. Tuned as far as the design allows: pooled database
and HTTP connections kept alive, no proxy look-up per call, one query to read what is needed, no
reload after a commit, no results, no gossip, prefetching, and the pool that measured best for each
latency. It keeps no history and no counts, and recovers nothing: that work is ours alone.
"""
