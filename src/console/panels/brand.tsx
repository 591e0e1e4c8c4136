import { useStore } from '../store.ts'
import { theme, toggleTheme } from '../theme.ts'

export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" width="20" height="20" aria-hidden="true">
      <rect width="32" height="32" rx="7" />
      <path d="M7 12h18M7 20h18M12 7v3.2M12 14v11M20 7v11M20 22v3" />
    </svg>
  )
}

export function ThemeButton() {
  const other = useStore(theme) === 'dark' ? 'light' : 'dark'
  return (
    <button type="button" class="quiet" onClick={toggleTheme} aria-label={`Switch to the ${other} theme`}>
      {other === 'light' ? 'Light' : 'Dark'}
    </button>
  )
}
