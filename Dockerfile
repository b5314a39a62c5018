# One image for every part: `extractor worker`, `extractor serve`, and the commands that speak to them.
# Secrets come from the environment at run time; none is needed, or taken, to build it.

FROM python:3.12-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
COPY constraints.txt pyproject.toml README.md LICENSE ./
COPY extractor extractor
COPY schemas schemas
COPY workers workers
# pip is raised first, because the one of the base image does not know --build-constraint.
# Only wheels: this stage has no compiler either, and what would need one should fail here.
RUN pip install --constraint constraints.txt pip \
 && pip wheel --no-deps --build-constraint constraints.txt --wheel-dir dist . \
 && python -m venv --without-pip /opt/extractor \
 && pip --python /opt/extractor/bin/python install --only-binary :all: --constraint constraints.txt dist/*.whl

FROM python:3.12-slim
ENV PATH=/opt/extractor/bin:$PATH HOME=/nonexistent PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
RUN groupadd --gid 10001 extractor \
 && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin extractor
COPY --from=build /opt/extractor /opt/extractor
USER 10001:10001
WORKDIR /tmp
ENTRYPOINT ["extractor"]
CMD ["--help"]
