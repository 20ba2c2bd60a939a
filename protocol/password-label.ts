/** What PAM calls a password in the languages that servers are set to most. */
const password =
  /passw|passcode|kennwort|mot de passe|contrase|senha|wachtwoord|hasło|пароль|heslo|parola|şifre|jelszó|lösenord|密码|密碼|パスワード|암호/iu;
/** e.g. pam_oath's "One-time password (OATH)": worth nothing the next time. */
const oneTime = /one.?time|\botp\b|einmal|ワンタイム|usage unique/iu;

/** Whether a server's own question (RFC 4256) that is answered unseen asks for the account's password. */
export function isPasswordField({
  label,
  echo,
}: {
  readonly label: string;
  readonly echo: boolean | undefined;
}): boolean {
  return echo !== true && password.test(label) && !oneTime.test(label);
}
