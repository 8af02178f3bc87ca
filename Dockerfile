# One file for the five services:  docker build --build-arg SERVICE=payments -t payments .
FROM node:24-bookworm-slim AS build
WORKDIR /repository
ENV TURBO_TELEMETRY_DISABLED=1
COPY . .
RUN npm ci --include=dev && npx turbo run build --output-logs=errors-only

# What one service needs to run, and nothing else.
FROM build AS service
ARG SERVICE
RUN : "${SERVICE:?is not set: docker build --build-arg SERVICE=payments .}" \
  && mkdir /app \
  && cp -r "services/$SERVICE/." /app/ \
  && cp --parents otel/register.js otel/package.json otel/dist/agent.cjs otel/dist/THIRD-PARTY-LICENSES.txt /app/ \
  # The links to the workspace's own packages become copies of them.
  && npm ls --all --omit=dev --parseable --workspace="$SERVICE" \
    | sed 's#^/repository/##' \
    | grep -E '^node_modules/(@[^/]+/)?[^/]+$' \
    | grep -vx "node_modules/$SERVICE" \
    | xargs cp -rL --parents -t /app \
  && for folder in /app /app/node_modules/@payments/*; do (cd "$folder" && rm -rf src test tsconfig* turbo.json .turbo); done

# Sentry's own local server, for docker-compose.yml:  docker build --target spotlight -t spotlight .
FROM build AS spotlight-packages
RUN cd packages/local-stack/spotlight && npm ci --omit=dev --ignore-scripts

FROM node:24-bookworm-slim AS spotlight
WORKDIR /app/spotlight
ENV NODE_ENV=production
COPY --from=spotlight-packages /repository/packages/local-stack/package.json /app/
COPY --from=spotlight-packages /repository/packages/local-stack/dist/spotlight /app/dist/spotlight
COPY --from=spotlight-packages /repository/packages/local-stack/spotlight .
USER node
EXPOSE 8969
CMD ["node", "server.mjs", "8969", "0.0.0.0"]

FROM node:24-bookworm-slim
WORKDIR /app
ENV NODE_ENV=production
# The agent listens on localhost only unless it is told otherwise; a container's localhost is nobody else's.
ENV OTEL_EXPORTER_PROMETHEUS_HOST=0.0.0.0
COPY --from=service /app .
USER node
EXPOSE 9464
CMD ["node", "-r", "./otel/register", "dist/main.js"]
