import { useClient } from '../state/client.ts'
import { Dove } from '../ui/icons.tsx'

/** What an empty chat shows. */
export function Welcome({ temporary }: { temporary: boolean }) {
  const name = useClient((s) => s.user?.username)
  const hour = new Date().getHours()
  const greeting =
    hour < 5 ? 'Good night' : hour < 12 ? 'Good morning' : hour < 18 ? 'Good afternoon' : 'Good evening'
  return (
    <div class="welcome">
      <Dove />
      <h1>
        {greeting}
        {name ? `, ${name}` : ''}
      </h1>
      <p>
        {temporary
          ? 'This chat is in no export and goes by itself a day after its last message.'
          : 'What is on your mind?'}
      </p>
    </div>
  )
}
