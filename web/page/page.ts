import './page.css';

document.documentElement.dataset.script = '';
