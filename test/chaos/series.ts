import { globSync } from 'node:fs'

/** All that makes a fault on purpose, in length or in kind. What has a longer form of itself takes it from `runs`. */
const PATTERNS = [
  'test/api/fuzz.slow.test.ts',
  'test/chaos/*.{slow,lab}.test.ts',
  'test/chaos/{damage,simulator}.test.ts',
  'test/controller/push/{halfopen,readers}.test.ts',
  'test/disorder/*.slow.test.ts',
  'test/disorder/{lost,model,slow}.test.ts',
  'test/e2e/{removal,restart,return}.timed.test.ts',
  'test/log/*.{slow,lab}.test.ts',
  'test/log/{crash,verify}.test.ts',
  'test/redis/*.slow.test.ts',
]

/** The files of the series, in the order in which they run. */
export function seriesFiles(): readonly string[] {
  return PATTERNS.flatMap((pattern) => globSync(pattern)).sort()
}
