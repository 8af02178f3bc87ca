/** What the agent is held to, by workload and variant: at most so many times the CPU of the bare service. */
export const CPU_TARGETS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  hello: { 'ours-metrics': 1.03 },
  express: { 'ours-metrics': 1.05, 'ours-traced-1%': 1.1, 'ours-traced-100%': 1.5 },
};

/** Milliseconds that it may add to the start. */
export const START_UP_TARGETS: Readonly<Record<string, number>> = { 'ours-disabled': 2, 'ours-metrics': 60 };

/** Megabytes that it may add to the memory of a service under load. */
export const MEMORY_TARGET = 15;

/** Nanoseconds of one observation. */
export const RECORD_TARGET = 40;

/** Milliseconds of a page of 10,000 label sets, in all and of its longest block of the event loop. */
export const SCRAPE_TARGET = { total: 60, block: 5 } as const;
