/** The spans of the probes: the sampler is asked before anything is made, and what is made costs a fraction of the SDK's. */
export { LightTracerProvider } from './light-tracer.ts';
export type { SamplingOptions } from './sampling.ts';
