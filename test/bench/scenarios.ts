import type { Scenario } from './scenario.ts'
import { agent } from './scenarios/agent.ts'
import { engine } from './scenarios/engine.ts'
import { failover } from './scenarios/failover.ts'
import { form } from './scenarios/form.ts'
import { groups } from './scenarios/groups.ts'
import { join } from './scenarios/join.ts'
import { memory } from './scenarios/memory.ts'
import { replicas } from './scenarios/replicas.ts'
import { rest } from './scenarios/rest.ts'
import { restart } from './scenarios/restart.ts'
import { storm } from './scenarios/storm.ts'
import { tunnel } from './scenarios/tunnel.ts'

/** All scenarios, in the order in which they run. A new one is a file in scenarios/ and a line here. */
export const SCENARIOS: readonly Scenario[] = [
  join,
  form,
  storm,
  groups,
  rest,
  memory,
  agent,
  engine,
  tunnel,
  restart,
  failover,
  replicas,
]
