import { CountersignError } from '../../core/errors.ts';

/**
 * Loads a part of nodemailer on first use: only those who send email need it.
 *
 * @throws {CountersignError} `configuration_invalid`, saying what to install.
 */
export async function loadNodemailer<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    const isMissing = (cause as { code?: unknown }).code === 'ERR_MODULE_NOT_FOUND';
    const remedy = isMissing ? 'install it with "npm install nodemailer"' : 'it is there, but cannot be loaded';
    throw new CountersignError('configuration_invalid', `the SMTP sender needs the package nodemailer: ${remedy}`, { cause });
  }
}
