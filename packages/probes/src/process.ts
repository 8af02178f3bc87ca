import { promises as files } from 'node:fs';
import type { CellRegistry } from '@otel-register/cells';
import { Probe } from './probe.ts';

/** CPU, memory, descriptors and age of this process (semantic conventions, "Process metrics"), read when collected. */
export class ProcessProbe extends Probe {
  constructor(cells: CellRegistry) {
    super('process');
    cells.observedCounter(
      { name: 'process.cpu.time', unit: 's', description: 'CPU time of the process, by mode.' },
      (report) => {
        const { user, system } = process.cpuUsage();
        report(user / 1e6, { 'cpu.mode': 'user' });
        report(system / 1e6, { 'cpu.mode': 'system' });
      },
    );
    cells.observedUpDownCounter(
      { name: 'process.memory.usage', unit: 'By', description: 'Physical memory in use (resident set size).' },
      (report) => report(process.memoryUsage.rss(), {}),
    );
    cells.observedGauge(
      { name: 'process.uptime', unit: 's', description: 'Time that the process has been running.' },
      (report) => report(process.uptime(), {}),
    );
    const startTime = Date.now() / 1000 - process.uptime();
    cells.observedGauge(
      { name: 'process.start_time', unit: 's', description: 'Start time of the process since the Unix epoch.' },
      (report) => report(startTime, {}),
    );
    observeResourceUsage(cells);
    if (process.platform === 'linux') observeLinux(cells);
  }
}

/** What getrusage tells: how often the process had to wait for the processor or for memory. */
function observeResourceUsage(cells: CellRegistry): void {
  cells.observedCounter(
    {
      name: 'process.context_switches',
      unit: '{context_switch}',
      description: 'Times that the process gave the processor away, by its own will or not.',
    },
    (report) => {
      const { voluntaryContextSwitches, involuntaryContextSwitches } = process.resourceUsage();
      report(voluntaryContextSwitches, { 'process.context_switch.type': 'voluntary' });
      report(involuntaryContextSwitches, { 'process.context_switch.type': 'involuntary' });
    },
  );
  cells.observedCounter(
    {
      name: 'process.paging.faults',
      unit: '{fault}',
      description: 'Page faults: major ones had to read from the disk.',
    },
    (report) => {
      const { majorPageFault, minorPageFault } = process.resourceUsage();
      report(majorPageFault, { 'system.paging.fault.type': 'major' });
      report(minorPageFault, { 'system.paging.fault.type': 'minor' });
    },
  );
}

/** What only /proc tells. A /proc that cannot be read costs these metrics alone. */
function observeLinux(cells: CellRegistry): void {
  cells.observedUpDownCounter(
    {
      name: 'process.unix.file_descriptor.count',
      unit: '{file_descriptor}',
      description: 'File descriptors in use.',
    },
    // One of them is the one that reads the folder.
    async (report) => report((await files.readdir('/proc/self/fd')).length - 1, {}),
  );
  cells.observedUpDownCounter(
    { name: 'process.thread.count', unit: '{thread}', description: 'Threads of the process.' },
    async (report) => report(await statusField('Threads'), {}),
  );
  cells.observedUpDownCounter(
    { name: 'process.memory.virtual', unit: 'By', description: 'Committed virtual memory.' },
    async (report) => report((await statusField('VmSize')) * 1024, {}),
  );
}

async function statusField(name: string): Promise<number> {
  const status = await files.readFile('/proc/self/status', 'utf8');
  const match = new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status);
  if (!match) throw new Error(`/proc/self/status has no field ${name}`);
  return Number(match[1]);
}
