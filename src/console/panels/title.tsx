import { useMemo, useState } from 'preact/hooks'
import type { Source } from '../graph/source.ts'
import { useRight } from '../rights.ts'
import { plural } from '../text.ts'
import { AddDialog, JoinDialog } from './acts.tsx'
import { Health } from './health.tsx'

/** The name of a network, how it is, and what may be done to it as a whole. */
export function Title({
  name,
  live: { model, isLive, version },
  isPast,
}: {
  readonly name: string
  readonly live: Source
  readonly isPast: boolean
}) {
  const [dialog, setDialog] = useState<'join' | 'add'>()
  const mayAdd = useRight('members:write')
  const mayInvite = useRight('tokens:write')
  const members = useMemo(() => new Set(model?.nodes.keys()), [model, version])
  return (
    <div class="title">
      <h1>{name}</h1>
      {model && !isPast && <Health graph={{ counts: model.counts(), members: model.members() }} />}
      {model && (
        <span class="muted figures" data-figures>
          {plural(model.members().all, 'member')} · {plural(model.counts().links, 'link')} ·{' '}
          {model.counts().up} up · {model.counts().relayed} relayed · revision {model.graph.revision}
        </span>
      )}
      <span class={`live ${isLive ? 'on' : 'off'}`} role="status">
        <span class="dot" aria-hidden="true" />
        {isLive ? 'live' : 'not live'}
      </span>
      <span class="grow" />
      {mayAdd && (
        <button type="button" onClick={() => setDialog('add')}>
          Add a node
        </button>
      )}
      {mayInvite && (
        <button type="button" class="primary" onClick={() => setDialog('join')}>
          Join a machine
        </button>
      )}
      {dialog === 'join' && <JoinDialog network={name} onClose={() => setDialog(undefined)} />}
      {dialog === 'add' && (
        <AddDialog network={name} members={members} onClose={() => setDialog(undefined)} />
      )}
    </div>
  )
}
