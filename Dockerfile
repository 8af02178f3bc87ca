# One file for the five services:  docker build --build-arg SERVICE=payments -t payments .
FROM node:24-bookworm-slim AS build
WORKDIR /repository
ENV TURBO_TELEMETRY_DISABLED=1
COPY . .
RUN npm ci --include=dev && npx turbo run build --output-logs=errors-only

# What one service needs to run, and nothing else.
FROM build AS service
ARG SERVICE
RUN mkdir -p /app/otel \
  && cp -r "services/$SERVICE/." /app/ \
  && cp -r otel/register.js otel/package.json otel/dist /app/otel/ \
  # The links to the workspace's own packages become copies of them.
  && npm ls --all --omit=dev --parseable --workspace="$SERVICE" \
    | sed 's#^/repository/##' \
    | grep -E '^node_modules/(@[^/]+/)?[^/]+$' \
    | grep -vx "node_modules/$SERVICE" \
    | xargs cp -rL --parents -t /app \
  && rm -rf /app/src /app/test /app/tsconfig* /app/.turbo /app/node_modules/@payments/*/src /app/node_modules/@payments/*/test

FROM node:24-bookworm-slim
WORKDIR /app
ENV NODE_ENV=production
# The agent listens on localhost only unless it is told otherwise; a container's localhost is nobody else's.
ENV OTEL_EXPORTER_PROMETHEUS_HOST=0.0.0.0
COPY --from=service /app .
USER node
EXPOSE 9464
CMD ["node", "-r", "./otel/register", "dist/main.js"]
