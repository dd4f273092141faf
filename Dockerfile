# syntax=docker/dockerfile:1
# One image for everything of Vesper: the command says which part a container is.
FROM node:24-bookworm-slim AS build
ENV NODE_ENV=production
WORKDIR /app
# The dependencies alone first: they change seldom, and this layer is kept.
COPY package.json package-lock.json .npmrc ./
COPY scheduler/package.json scheduler/
COPY bin/bootstrap.mjs bin/
RUN node --input-type=module -e 'import { ensureInstalled } from "./bin/bootstrap.mjs"; ensureInstalled({ production: true });'
COPY . .
# The workflow bundle is made here: a container's own files are read-only.
RUN node_modules/node/bin/node --input-type=module -e 'import { workflowBundle } from "./workers/bundle.ts"; console.log((await workflowBundle()).codePath);'

FROM node:24-bookworm-slim
ENV NODE_ENV=production VESPER_HOME=/var/lib/vesper
# Volumes are made with this owner: no container of Vesper runs as root.
RUN useradd --system --uid 10001 --home-dir /var/lib/vesper --shell /usr/sbin/nologin vesper \
  && install -d -o vesper -g vesper -m 0750 /var/lib/vesper /var/backups/vesper
COPY --from=build /app /app
WORKDIR /app
USER vesper
ENTRYPOINT ["node", "/app/bin/vesper.mjs"]
CMD ["--help"]
