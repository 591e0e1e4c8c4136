import { useEffect } from 'preact/hooks'
import type { View } from './graph/view.ts'
import { change } from './route.ts'

/** Keys that work everywhere but where somebody types. */
export function useKeys(view: View): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const isTyping =
        event.target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)
      if (
        isTyping ||
        event.ctrlKey ||
        event.metaKey ||
        event.altKey ||
        document.querySelector('dialog[open]')
      )
        return
      if (event.key === '/') {
        event.preventDefault()
        document.getElementById('search')?.focus()
      }
      if (event.key === 'Escape') change({ sel: undefined, focus: undefined })
      if (event.key === 'f') change({ focus: view.focus ? undefined : '1' }, { replace: true })
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [view.focus])
}
