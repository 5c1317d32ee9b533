import { type JSX, StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { CodeForm, type Pending } from './code-form.tsx';

// What your server answered to `start`; made up here.
const VERIFICATION: Pending = { id: 'VE0123456789abcdef0123456789abcdef', codeLength: 6, resendAt: '2026-11-25T12:02:00.000Z' };

function App(): JSX.Element {
  const [isApproved, setIsApproved] = useState(false);
  return (
    <main>
      <h1>{isApproved ? 'Thank you' : 'Enter your code'}</h1>
      {isApproved ? <p role="status">The number is yours.</p> : <CodeForm verification={VERIFICATION} onApproved={() => setIsApproved(true)} />}
    </main>
  );
}

const root = document.getElementById('root');
if (root === null) throw new Error('the page has no #root');
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
