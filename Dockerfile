# Two images: `programs` contains tap, target, `seeker-leads` and the sandbox; `pipeline` adds Meltano with this project.
# Both run as user 10001 on a read-only root file system: docs/containers.md says what they write, and where.
FROM python:3.12-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /project
COPY . .
RUN python -m venv /opt/seeker-leads
RUN /opt/seeker-leads/bin/pip install '.[cli,postgres,sandbox,webhooks]'

FROM build AS build-pipeline
RUN python -m venv /opt/meltano
RUN /opt/meltano/bin/pip install 'meltano[postgres]>=4.4,<5'
RUN /opt/meltano/bin/meltano install tap-seeker-leads target-seeker-leads target-postgres seeker-leads
RUN rm -rf .meltano/run .meltano/meltano.db

FROM python:3.12-slim AS programs
RUN install --directory --owner=10001 --group=10001 --mode=0700 /data
COPY --from=build /opt/seeker-leads /opt/seeker-leads
ENV PATH=/opt/seeker-leads/bin:$PATH HOME=/data PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /data
USER 10001:10001
CMD ["seeker-leads", "--help"]

FROM programs AS pipeline
COPY --from=build-pipeline /opt/meltano /opt/meltano
COPY --from=build-pipeline /project /project
USER 0:0
RUN install --directory --owner=10001 --group=10001 --mode=0700 /project/.meltano/run
USER 10001:10001
ENV PATH=/opt/meltano/bin:$PATH MELTANO_PROJECT_READONLY=true MELTANO_SEND_ANONYMOUS_USAGE_STATS=false
WORKDIR /project
CMD ["meltano", "run", "leads-in"]
