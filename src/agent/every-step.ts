/** Takes every step in turn, though one fails: what can be put right is. Rejects with what failed first. */
export async function everyStep(...steps: readonly (() => Promise<void>)[]): Promise<void> {
  const failures: unknown[] = []
  for (const step of steps) await step().catch((error: unknown) => failures.push(error))
  if (failures.length > 0) throw failures[0]
}
