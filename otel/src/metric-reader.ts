import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { AggregationType, InstrumentType, type MetricProducer, type MetricReader } from '@opentelemetry/sdk-metrics';

/**
 * What reads the application's own metrics and those of `producers`.
 *
 * @param hasExponentialHistograms whether the application's histograms have exponential buckets
 */
export function metricReader(producers: MetricProducer[], hasExponentialHistograms: boolean): MetricReader {
  const reader = new PrometheusExporter({ preventServerStart: true, metricProducers: producers });
  // The exporter has no option for it; the application's own histograms are made as their reader asks.
  if (hasExponentialHistograms) {
    reader.selectAggregation = (type) => ({
      type: type === InstrumentType.HISTOGRAM ? AggregationType.EXPONENTIAL_HISTOGRAM : AggregationType.DEFAULT,
    });
  }
  return reader;
}
