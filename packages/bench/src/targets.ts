/** What the agent is held to, by workload and variant: at most so many times the CPU of the bare service. */
export const CPU_TARGETS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  hello: { 'ours-metrics': 1.03 },
  express: { 'ours-metrics': 1.05, 'ours-traced-1%': 1.1, 'ours-traced-100%': 1.5 },
};

/** Milliseconds that it may add to the start. */
export const START_UP_TARGETS: Readonly<Record<string, number>> = { 'ours-disabled': 2, 'ours-metrics': 60 };
