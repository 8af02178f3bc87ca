import { cacheCollapse } from './cache-collapse.ts';
import { failingDependency } from './failing-dependency.ts';
import type { Scenario } from './scenario.ts';
import { slowQuery } from './slow-query.ts';

export const scenarios: readonly Scenario[] = [cacheCollapse, slowQuery, failingDependency];
