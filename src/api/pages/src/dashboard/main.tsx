import '../shared/base.css';
import './dashboard.css';
import { Localized } from '../shared/ui';
console.log(Localized);
