// Loading it is all there is to it: `node -r otel-register`, or `import 'otel-register'` before anything else.
export {};
