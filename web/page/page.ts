import './page.css';
import { helpWithCode } from './code-field.ts';
import { showExamples } from './country-example.ts';
import { sendForms } from './forms.ts';
import { createVoice } from './voice.ts';
import { countDown } from './waits.ts';

// The page works without any of this: forms and redirects alone. What is here is comfort.
const voice = createVoice();
sendForms(voice);
countDown(voice);
showExamples();
helpWithCode(voice);
