/* SMB session setup: MS-SMB2 2.1 (a 24-bit length before each message; RFC 1002 4.3 on port 139), 2.2.1, 2.2.5, 2.2.6;
 * MS-SMB 2.2.4.6 for what still speaks version 1.  Everything else is stepped over. */
#include "auth.h"

#include "ber.h"

enum { FRAME = 4, PROTOCOL = 4, SMB2_HEADER = 64, SMB1_HEADER = 32, CHAIN_MAX = 64 };
enum { SESSION_MESSAGE = 0, SESSION_REQUEST = 0x81, KEEP_ALIVE = 0x85 };
enum { SMB2_COMMAND = 12, SMB2_FLAGS = 16, SMB2_NEXT = 20, SMB2_SETUP = 1, SMB2_RESPONSE = 1 };
enum { SMB1_COMMAND = 4, SMB1_FLAGS = 9, SMB1_SETUP = 0x73, SMB1_RESPONSE = 0x80 };
enum { REQUEST_BUFFER = 12, RESPONSE_BUFFER = 4 }; /* where an SMB2 body says where its token is */
enum { WORDS_REQUEST = 12, WORDS_RESPONSE = 4, BLOB_REQUEST = 14, BLOB_RESPONSE = 6 };

static uint16_t
le16(struct cursor *c)
{
	return (uint16_t)cur_order(c, 2, false);
}

static uint16_t
le16_at(const struct cursor *m, size_t off)
{
	struct cursor c = cur_at(m, off);
	return le16(&c);
}

static uint32_t
le32_at(const struct cursor *m, size_t off)
{
	struct cursor c = cur_at(m, off);
	return (uint32_t)cur_order(&c, 4, false);
}

static bool
is_smb(struct bytes b, uint8_t version)
{
	const uint8_t magic[PROTOCOL] = { version, 'S', 'M', 'B' };
	return bytes_eq(b, bytes_of(magic, sizeof(magic)));
}

/* The first SESSION_SETUP of a compound, from its header on (MS-SMB2 3.3.4.1.3). */
static bool
smb2_setup(struct cursor *m)
{
	for (unsigned i = 0; i < CHAIN_MAX; i++) {
		if (le16_at(m, SMB2_COMMAND) == SMB2_SETUP)
			return cur_left(m) >= SMB2_HEADER;
		uint32_t next = le32_at(m, SMB2_NEXT);
		if (next < SMB2_HEADER || next >= cur_left(m))
			return false;
		cur_skip(m, next);
		*m = cur_clip(m, cur_left(m) + (m->cut ? 1 : 0));
	}
	return false;
}

static struct cursor
smb2_token(struct cursor *m, bool *response)
{
	*response = le32_at(m, SMB2_FLAGS) & SMB2_RESPONSE;
	struct cursor c = cur_at(m, SMB2_HEADER + (*response ? RESPONSE_BUFFER : REQUEST_BUFFER));
	uint16_t off = le16(&c), len = le16(&c);
	struct cursor at = cur_at(m, len ? off : 0), token = cur_clip(&at, len);

	ber_leave(&token, &c);
	ber_leave(&token, &at);
	return token;
}

/* Extended security only: the other form has no challenge and no token. */
static struct cursor
smb1_token(struct cursor *m, bool *response)
{
	struct cursor c = cur_at(m, SMB1_FLAGS);
	*response = cur_u8(&c) & SMB1_RESPONSE;
	c = cur_at(m, SMB1_HEADER);
	uint8_t words = cur_u8(&c);
	struct cursor word = c;

	if (words != (*response ? WORDS_RESPONSE : WORDS_REQUEST))
		return (struct cursor){ .why = c.why };
	cur_skip(&word, *response ? BLOB_RESPONSE : BLOB_REQUEST);
	uint16_t len = le16(&word);
	cur_skip(&c, words * 2u + 2);
	struct cursor token = cur_clip(&c, len);
	ber_leave(&token, &word);
	return token;
}

static enum said
setup_read(struct cursor *token, bool response, struct pkt *pkt, struct obs *o)
{
	enum said s = auth_token(token, pkt, o, AUTH_SMB2, response);

	if (token->cut && s == SAID_OK)
		return SAID_CUT;
	return s;
}

/* `all`: of the whole message, `c` stands at its beginning. */
static enum said
message_read(struct cursor *c, size_t all, struct pkt *pkt, struct obs *o)
{
	struct cursor m = cur_clip(c, all), look = m, token;
	bool response;

	if (is_smb(cur_take(&look, PROTOCOL), 0xff))
		token = smb1_token(&m, &response);
	else if (smb2_setup(&m))
		token = smb2_token(&m, &response);
	else
		return auth_pass(c, pkt, o, 0);
	return setup_read(&token, response, pkt, o);
}

/* Is it worth waiting for? */
static bool
wanted(const struct cursor *m)
{
	struct cursor c = *m;

	if (is_smb(cur_take(&c, PROTOCOL), 0xff))
		return cur_u8(&c) == SMB1_SETUP;
	c = *m;
	cur_skip(&c, SMB2_COMMAND);
	uint16_t command = le16(&c);
	cur_skip(&c, SMB2_NEXT - SMB2_COMMAND - 2);
	return command == SMB2_SETUP || cur_order(&c, 4, false) != 0;
}

enum said
smb_read(struct cursor *c, struct pkt *pkt, struct obs *o)
{
	struct cursor look = *c;

	if (!auth_has(c, pkt, FRAME))
		return SAID_CUT;
	uint8_t type = cur_u8(&look);
	uint32_t length = cur_be24(&look);
	if (type >= SESSION_REQUEST && type <= KEEP_ALIVE && length <= UINT16_MAX)
		return auth_pass(c, pkt, o, (uint64_t)FRAME + length);
	if (type != SESSION_MESSAGE || length < SMB1_HEADER)
		return auth_lost(pkt, o);
	if (!auth_has(c, pkt, FRAME + SMB1_HEADER))
		return SAID_CUT;
	struct cursor m = look, first = look;
	struct bytes magic = cur_take(&first, PROTOCOL);
	bool plain = is_smb(magic, 0xfe) || is_smb(magic, 0xff);
	if (!plain && !is_smb(magic, 0xfd) && !is_smb(magic, 0xfc)) /* encrypted, compressed */
		return cur_ok(&first) ? auth_lost(pkt, o) : SAID_CUT;
	if (!plain || !wanted(&m))
		return auth_pass(c, pkt, o, (uint64_t)FRAME + length);
	if (!auth_has(c, pkt, (uint64_t)FRAME + length))
		return SAID_CUT;
	cur_skip(c, FRAME);
	return message_read(c, length, pkt, o);
}

bool
smb_starts(struct bytes head)
{
	uint8_t type = bytes_u8(head, 0);

	if (type >= SESSION_REQUEST && type <= KEEP_ALIVE)
		return bytes_u8(head, 1) <= 1;
	return type == SESSION_MESSAGE &&
	       (head.n < 8 || (bytes_u8(head, 4) >= 0xfc && bytes_u8(head, 5) == 'S' &&
			       bytes_u8(head, 6) == 'M' && bytes_u8(head, 7) == 'B'));
}
