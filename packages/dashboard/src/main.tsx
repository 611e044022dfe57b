// Where the dashboard starts: language first, then the tree of providers over the router.

// First, so that no token is in the address when the router reads it.
import './data/fragment';
import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import './app/base.css';
import { createRoot } from 'react-dom/client';
import { App } from './app/app';
import { startWords } from './words/words';

await startWords();
createRoot(document.getElementById('root') as HTMLElement).render(<App />);
