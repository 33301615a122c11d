import { shortcuts } from '../state/keys.ts'
import { Dialog } from '../ui/Dialog.tsx'

export const Shortcuts = ({ onClose }: { onClose: () => void }) => (
  <Dialog title="Keyboard" onClose={onClose}>
    <dl class="shortcuts">
      {shortcuts.map(([keys, what]) => (
        <div key={what}>
          <dt>{what}</dt>
          <dd>
            {keys.map((k) => (
              <kbd key={k}>{k}</kbd>
            ))}
          </dd>
        </div>
      ))}
    </dl>
  </Dialog>
)
