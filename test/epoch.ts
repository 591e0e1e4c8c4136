import type { Controller } from '../src/controller/controller.ts'

/** As where an agent has shown that the log went back. */
export async function raiseEpoch(controller: Controller): Promise<void> {
  await controller.change({ actor: 'test' }, ({ epoch }) => ({
    events: [{ type: 'epoch-raised', epoch: epoch + 1 }],
    result: undefined,
  }))
}
