"""Our own calls, under `/__admin` and the live page: look at the mock, steer it, wait for it."""
