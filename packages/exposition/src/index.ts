/** OpenTelemetry metric data in, the bytes of a Prometheus page out: pure functions, apart from what is remembered of label text. */
export { type PageFormat, type PageOptions, pageFormats } from './formats.ts';
export { familyType, sampleName, TRANSLATION_STRATEGIES, type TranslationStrategy } from './names.ts';
export { SUMMARY, type Summary } from './summary.ts';
