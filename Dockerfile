# Segment in a box: `docker build -t segment-mock . && docker run -p 8765:8765 segment-mock`
FROM python:3.12-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
COPY requirements.txt ./
# Everything that can be installed below is in /wheels, pinned, its hash checked.
RUN pip download --quiet --require-hashes --only-binary :all: --dest /wheels --requirement requirements.txt
COPY . ./
RUN pip install --quiet --no-index --find-links /wheels hatchling \
 && pip wheel --quiet --no-index --find-links /wheels --no-build-isolation --no-deps --wheel-dir /wheels . \
 && python -m venv --without-pip /opt/harness \
 && pip --python /opt/harness/bin/python install --quiet --no-index --find-links /wheels segment-harness

FROM python:3.12-slim-bookworm
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin harness
COPY --from=build /opt/harness /opt/harness
# A service container is called by the name of its service; further names are added with --name.
ENV PATH=/opt/harness/bin:$PATH PYTHONUNBUFFERED=1 SEGMENT_MOCK_NAMES=segment-mock
WORKDIR /tmp
USER 10001:10001
EXPOSE 8765
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s --retries=3 \
  CMD ["python", "-c", "from http.client import HTTPConnection as C; c = C('127.0.0.1', 8765, timeout=2); c.request('GET', '/__admin/health'); raise SystemExit(c.getresponse().status != 200)"]
ENTRYPOINT ["harness", "mock", "--host", "0.0.0.0", "--port", "8765"]
