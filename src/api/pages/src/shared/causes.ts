// What went wrong, in words: the causes of the contract (1.1), gathered by what the reader can do about them.
import type { Text } from './i18n';

/** The one thing to do next. */
export type Remedy = 'retry' | 'number' | 'qr';

export interface Explanation {
  title: Text;
  words: Text;
  remedy: Remedy;
  /** Nothing went wrong: time has passed. */
  calm?: boolean;
}

const expired: Explanation = {
  title: ['The code has run out', 'O código expirou', 'El código ha caducado'],
  words: ['Nobody used it in time. Nothing is lost: ask for a new one when the phone is at hand.',
    'Ninguém o usou a tempo. Nada se perdeu: peça outro quando estiver com o celular na mão.',
    'Nadie lo usó a tiempo. No se ha perdido nada: pide otro cuando tengas el teléfono a mano.'],
  remedy: 'retry',
  calm: true,
};
const unreachable: Explanation = {
  title: ['WhatsApp cannot be reached', 'Não é possível falar com o WhatsApp', 'No se puede contactar con WhatsApp'],
  words: ['This service has no connection to WhatsApp at the moment. Your phone is not the reason.',
    'Este serviço está sem conexão com o WhatsApp no momento. O problema não é o seu celular.',
    'Este servicio no tiene conexión con WhatsApp en este momento. El problema no es tu teléfono.'],
  remedy: 'retry',
};
const proxy: Explanation = {
  title: ['The proxy does not work', 'O proxy não funciona', 'El proxy no funciona'],
  words: ['The way to WhatsApp leads through a proxy that refuses or does not answer. Whoever runs this service can correct it.',
    'O caminho até o WhatsApp passa por um proxy que recusa ou não responde. Quem cuida deste serviço pode corrigir isso.',
    'El camino a WhatsApp pasa por un proxy que rechaza o no responde. Quien administra este servicio puede corregirlo.'],
  remedy: 'retry',
};
const untrusted: Explanation = {
  title: ['The connection is not trustworthy', 'A conexão não é confiável', 'La conexión no es de confianza'],
  words: ['Whoever answered could not prove to be WhatsApp, so nothing was sent.',
    'Quem respondeu não provou ser o WhatsApp, por isso nada foi enviado.',
    'Quien respondió no demostró ser WhatsApp, así que no se envió nada.'],
  remedy: 'retry',
};
const refusedLogin: Explanation = {
  title: ['WhatsApp does not let this service in', 'O WhatsApp não aceita este serviço', 'WhatsApp no deja entrar a este servicio'],
  words: ['WhatsApp turned the connection down. This often passes by itself after a few minutes.',
    'O WhatsApp recusou a conexão. Isso costuma passar sozinho em alguns minutos.',
    'WhatsApp rechazó la conexión. Suele pasar solo en unos minutos.'],
  remedy: 'retry',
};
const noCode: Explanation = {
  title: ['WhatsApp gives no code for this number', 'O WhatsApp não fornece código para este número', 'WhatsApp no da un código para este número'],
  words: ['Linking by a code is not possible with this number now. A QR code may work.',
    'Agora não é possível conectar este número por código. Um QR code pode funcionar.',
    'Ahora no es posible vincular este número con un código. Un código QR puede funcionar.'],
  remedy: 'qr',
};
const throttled: Explanation = {
  title: ['Too many codes for this number', 'Códigos demais para este número', 'Demasiados códigos para este número'],
  words: ['WhatsApp gives no further code for a while. A QR code works meanwhile.',
    'O WhatsApp não fornece outro código por um tempo. Enquanto isso, um QR code funciona.',
    'WhatsApp no da otro código durante un tiempo. Mientras tanto funciona un código QR.'],
  remedy: 'qr',
};
const unknownNumber: Explanation = {
  title: ['This number does not work', 'Este número não funciona', 'Este número no funciona'],
  words: ['WhatsApp does not know it. Check the country and every digit.',
    'O WhatsApp não o conhece. Confira o país e cada dígito.',
    'WhatsApp no lo conoce. Revisa el país y cada dígito.'],
  remedy: 'number',
};
const mismatch: Explanation = {
  title: ['The phone\'s answer does not fit', 'A resposta do celular não confere', 'La respuesta del teléfono no encaja'],
  words: ['The link could not be verified and was not made. Try it with a new code.',
    'A conexão não pôde ser verificada e não foi feita. Tente com um código novo.',
    'El vínculo no se pudo verificar y no se hizo. Inténtalo con un código nuevo.'],
  remedy: 'retry',
};
const outdatedPhone: Explanation = {
  title: ['WhatsApp on the phone is too old', 'O WhatsApp do celular está desatualizado', 'El WhatsApp del teléfono es antiguo'],
  words: ['Update WhatsApp on the phone, then try again with a new code.',
    'Atualize o WhatsApp no celular e tente de novo com um código novo.',
    'Actualiza WhatsApp en el teléfono e inténtalo con un código nuevo.'],
  remedy: 'retry',
};
const superseded: Explanation = {
  title: ['Another number was entered', 'Outro número foi informado', 'Se introdujo otro número'],
  words: ['Somebody asked for a code for another number at the same time. Only the last one counts.',
    'Alguém pediu um código para outro número ao mesmo tempo. Só vale o último.',
    'Alguien pidió un código para otro número al mismo tiempo. Solo cuenta el último.'],
  remedy: 'number',
};
const passkey: Explanation = {
  title: ['The account asks for its passkey', 'A conta pede a chave de acesso', 'La cuenta pide su llave de acceso'],
  words: ['It lets no device in without it.', 'Sem ela nenhum aparelho é aceito.', 'Sin ella no admite ningún dispositivo.'],
  remedy: 'retry',
};
const passkeyRejected: Explanation = {
  title: ['WhatsApp refused the passkey', 'O WhatsApp recusou a chave de acesso', 'WhatsApp rechazó la llave de acceso'],
  words: ['The result came too late, or is of another account.',
    'O resultado chegou tarde ou é de outra conta.',
    'El resultado llegó tarde o es de otra cuenta.'],
  remedy: 'retry',
};
const paused: Explanation = {
  title: ['WhatsApp has paused this account', 'O WhatsApp suspendeu esta conta por um tempo', 'WhatsApp ha suspendido esta cuenta por un tiempo'],
  words: ['The account is blocked for a limited time. It cannot be linked before that is over.',
    'A conta está bloqueada por um tempo limitado e não pode ser conectada antes disso.',
    'La cuenta está bloqueada por un tiempo limitado y no se puede vincular antes.'],
  remedy: 'retry',
};
const banned: Explanation = {
  title: ['WhatsApp has blocked this account', 'O WhatsApp bloqueou esta conta', 'WhatsApp ha bloqueado esta cuenta'],
  words: ['Open WhatsApp on the phone: it says what can be done.',
    'Abra o WhatsApp no celular: ele diz o que pode ser feito.',
    'Abre WhatsApp en el teléfono: dice qué se puede hacer.'],
  remedy: 'retry',
};
const unlinked: Explanation = {
  title: ['The account is no longer linked', 'A conta não está mais conectada', 'La cuenta ya no está vinculada'],
  words: ['The link was removed on the phone, or WhatsApp ended it. It can be linked again.',
    'A conexão foi removida no celular ou encerrada pelo WhatsApp. A conta pode ser conectada de novo.',
    'El vínculo se eliminó en el teléfono, o WhatsApp lo terminó. Se puede vincular de nuevo.'],
  remedy: 'retry',
};
const replaced: Explanation = {
  title: ['The connection is used elsewhere', 'A conexão está em uso em outro lugar', 'La conexión se usa en otro lugar'],
  words: ['Another program took over this linked device.',
    'Outro programa assumiu este aparelho conectado.',
    'Otro programa tomó el control de este dispositivo vinculado.'],
  remedy: 'retry',
};
const limited: Explanation = {
  title: ['Too many tries', 'Tentativas demais', 'Demasiados intentos'],
  words: ['Wait a minute, then try again.', 'Espere um minuto e tente de novo.', 'Espera un minuto e inténtalo de nuevo.'],
  remedy: 'retry',
};
const unavailable: Explanation = {
  title: ['The service is not available', 'O serviço não está disponível', 'El servicio no está disponible'],
  words: ['It may be starting again. Try again in a moment.',
    'Talvez esteja reiniciando. Tente de novo em instantes.',
    'Puede que esté reiniciando. Inténtalo de nuevo en un momento.'],
  remedy: 'retry',
};
const noAnswer: Explanation = {
  title: ['No answer from the service', 'O serviço não respondeu', 'El servicio no responde'],
  words: ['Check your internet connection, then try again.',
    'Confira sua conexão com a internet e tente de novo.',
    'Revisa tu conexión a internet e inténtalo de nuevo.'],
  remedy: 'retry',
};
const unknown: Explanation = {
  title: ['That did not work', 'Não deu certo', 'No ha funcionado'],
  words: ['Something unexpected happened. Try again; if it stays, tell whoever runs this service the cause below.',
    'Aconteceu algo inesperado. Tente de novo; se continuar, informe a causa abaixo a quem cuida deste serviço.',
    'Ocurrió algo inesperado. Inténtalo de nuevo; si persiste, indica la causa de abajo a quien administra este servicio.'],
  remedy: 'retry',
};

const explanations: [RegExp, Explanation][] = [
  [/^(QR_EXPIRED|PAIRING_CODE_EXPIRED)$/, expired],
  [/^PROXY_/, proxy],
  [/^(TLS_UNTRUSTED|CERTIFICATE_.*|DECRYPTION_FAILED|HANDSHAKE_MALFORMED|WEAK_KEY)$/, untrusted],
  [/^(NAME_NOT_RESOLVED|CONNECTION_REFUSED|CONNECTION_CLOSED|NETWORK_.*|TLS_FAILED|WEBSOCKET_.*|HTTP_FAILED|.*_TIMEOUT)$/, unreachable],
  [/^(CLIENT_OUTDATED|CLIENT_REFUSED|SERVER_ERROR|VERSION_UNAVAILABLE|STREAM_ERROR|IQ_REJECTED)$/, refusedLogin],
  [/^(PAIRING_BAD_REQUEST|INVALID_NUMBER)$/, unknownNumber],
  [/^PAIRING_(REFUSED|UNAVAILABLE|UNANSWERED)$/, noCode],
  [/^PAIRING_THROTTLED$/, throttled],
  [/^PAIRING_/, mismatch],
  [/^MULTIDEVICE_UNSUPPORTED$/, outdatedPhone],
  [/^SUPERSEDED$/, superseded],
  [/^(PASSKEY_REQUIRED|PASSKEY_CONFIRMATION_REQUIRED|PASSKEY_NOT_REQUESTED)$/, passkey],
  [/^PASSKEY_REJECTED$/, passkeyRejected],
  [/^TEMPORARILY_BANNED$/, paused],
  [/^(BANNED|ACCOUNT_LOCKED)$/, banned],
  [/^LOGGED_OUT$/, unlinked],
  [/^STREAM_REPLACED$/, replaced],
  [/^RATE_LIMITED$/, limited],
  [/^(SHUTTING_DOWN|OVERLOADED|STORE_.*|REPLY_DROPPED)$/, unavailable],
  [/^UNREACHABLE$/, noAnswer],
];

export function explanationOf(code: string, status = 0): Explanation {
  const found = explanations.find(([pattern]) => pattern.test(code));
  if (found) return found[1];
  return status === 502 || status === 503 || status === 504 ? unavailable : unknown;
}

export const tryFrom: Text = ['Try again from {0} on.', 'Tente de novo a partir de {0}.', 'Inténtalo a partir de {0}.'];
export const causeIs: Text = ['Cause: {0}', 'Causa: {0}', 'Causa: {0}'];
