// The plain script: `<script src="countersign-code.js" defer></script>` defines the element, and leaves no name of its own behind.
import './code-input.ts';
