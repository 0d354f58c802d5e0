# huikuan in one image: server, worker and scheduler under one supervisor. Data lives in /data.
FROM python:3.12-slim AS build
WORKDIR /src
RUN apt-get update && apt-get install -y --no-install-recommends make && rm -rf /var/lib/apt/lists/*
COPY . .
# The locked packages with their hashes, then the product with its page assets.
RUN python -m venv /opt/huikuan \
 && /opt/huikuan/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --require-hashes -r requirements.lock \
 && make wheel \
 && /opt/huikuan/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps dist/huikuan-*.whl

FROM python:3.12-slim
RUN useradd --system --uid 10001 --create-home --home-dir /home/huikuan huikuan \
 && mkdir /data /backups /inbox && chown huikuan:huikuan /data /backups /inbox
COPY --from=build /opt/huikuan /opt/huikuan
ENV PATH=/opt/huikuan/bin:$PATH HUIKUAN_HOME=/data HUIKUAN_HOST=0.0.0.0 HUIKUAN_PORT=8000 HUIKUAN_LOG_FORMAT=json
USER huikuan
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen(u.Request('http://127.0.0.1:8000/readyz', headers={'Host': 'localhost'}), timeout=4)"]
STOPSIGNAL SIGTERM
CMD ["huikuan", "run", "--no-demo"]
