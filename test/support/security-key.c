/*
 * A FIDO security key in software, as a library for OpenSSH (its PROTOCOL.u2f and sk-api.h, version 10). Its keys are ed25519;
 * the handle of a key is the key itself. To sign, it waits to be "touched": until the file TOUCH is there.
 * Without headers, so that tcc alone makes it.
 */
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long size;

void *calloc(size count, size bytes);
void *memcpy(void *to, const void *from, size bytes);
size strlen(const char *text);
int access(const char *path, int mode);
int usleep(u32 microseconds);

u8 *SHA256(const u8 *data, size length, u8 *hash);
void *EVP_PKEY_Q_keygen(void *library, const char *query, const char *type);
int EVP_PKEY_get_raw_private_key(const void *key, u8 *bytes, size *length);
int EVP_PKEY_get_raw_public_key(const void *key, u8 *bytes, size *length);
void *EVP_PKEY_new_raw_private_key(int type, void *engine, const u8 *bytes, size length);
void EVP_PKEY_free(void *key);
void *EVP_MD_CTX_new(void);
void EVP_MD_CTX_free(void *context);
int EVP_DigestSignInit(void *context, void **key_context, const void *type, void *engine, void *key);
int EVP_DigestSign(void *context, u8 *signature, size *length, const u8 *data, size data_length);

enum { ed25519 = 1, evp_ed25519 = 1087, user_present = 1 };
enum { failed = -1, unsupported = -2, key_size = 32, signature_size = 64 };

struct bytes { u8 *at; size length; };
struct enrolled { u8 flags; struct bytes public_key, key_handle, signature, certificate, auth_data; };
struct signed_by { u8 flags; u32 counter; struct bytes r, s; };

static struct bytes copy(const u8 *from, size length)
{
	struct bytes made = { calloc(1, length), length };
	if (made.at) memcpy(made.at, from, length);
	return made;
}

u32 sk_api_version(void) { return 0x000a0000; }

int sk_enroll(u32 algorithm, const u8 *challenge, size challenge_length, const char *application, u8 flags,
	const char *pin, void **options, struct enrolled **answer)
{
	u8 public_key[key_size], private_key[key_size];
	size public_length = key_size, private_length = key_size;
	void *key;
	if (algorithm != ed25519) return unsupported;
	key = EVP_PKEY_Q_keygen(0, 0, "ED25519");
	*answer = calloc(1, sizeof(**answer));
	if (!key || !*answer) return failed;
	EVP_PKEY_get_raw_public_key(key, public_key, &public_length);
	EVP_PKEY_get_raw_private_key(key, private_key, &private_length);
	EVP_PKEY_free(key);
	(*answer)->flags = flags;
	(*answer)->public_key = copy(public_key, key_size);
	(*answer)->key_handle = copy(private_key, key_size);
	return 0;
}

int sk_sign(u32 algorithm, const u8 *data, size data_length, const char *application, const u8 *handle,
	size handle_length, u8 flags, const char *pin, void **options, struct signed_by **answer)
{
	u8 message[32 + 1 + 4 + 32], signature[signature_size];
	size length = signature_size;
	void *key, *context;
	int made;
	if (algorithm != ed25519) return unsupported;
	while (access(TOUCH, 0) != 0) usleep(20000);
	SHA256((const u8 *)application, strlen(application), message);
	message[32] = user_present;
	message[33] = message[34] = message[35] = 0;
	message[36] = 1; /* the counter */
	SHA256(data, data_length, message + 37);
	key = EVP_PKEY_new_raw_private_key(evp_ed25519, 0, handle, handle_length);
	context = EVP_MD_CTX_new();
	made = key && context && EVP_DigestSignInit(context, 0, 0, 0, key) == 1
		&& EVP_DigestSign(context, signature, &length, message, sizeof(message)) == 1;
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
	*answer = calloc(1, sizeof(**answer));
	if (!made || !*answer) return failed;
	(*answer)->flags = user_present;
	(*answer)->counter = 1;
	(*answer)->r = copy(signature, length);
	return 0;
}

int sk_load_resident_keys(const char *pin, void **options, void ***keys, size *count) { return unsupported; }
