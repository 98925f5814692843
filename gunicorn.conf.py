"""Read by gunicorn before it forks.

A worker takes over the modules imported here, so one that was killed is replaced in a fraction of a
second and not after the seconds that importing takes: callers wait meanwhile. Each worker still
makes its own application, with its own connections and threads. New code needs a restart, not HUP.
"""

import gc

import router.web.live
import router.wsgi  # noqa: F401

gc.collect()


def post_worker_init(_worker: object) -> None:
    """Leave what lives as long as the worker out of every later garbage collection.

    Walking through it takes longer than a webhook, and every caller waits meanwhile.
    """
    gc.freeze()
