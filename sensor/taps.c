#include "taps.h"

#include <inttypes.h>
#include <poll.h>

#include "log.h"

bool
taps_open(struct taps *t, const struct opts *o, const struct conf *c, bool some)
{
	size_t open = 0;
	t->looked = TS_NONE;
	for (; t->n < o->niface; t->n++) {
		size_t i = t->n;
		/* looked at first: when it comes up meanwhile, that is seen by the next look */
		t->nic[i] = nic_look(o->iface[i]);
		t->blind[i] = t->nic[i].there && !t->nic[i].carrier;
		t->saw[i] = some || t->nic[i].carrier;
		if (tap_open(&t->tap[i], o->iface[i], (uint16_t)i, c, o->filter))
			open++;
		else if (!some)
			return false;
		if (t->blind[i])
			log_say("%s: no carrier, nothing is seen", o->iface[i]);
		t->blind[i] |= t->tap[i].pcap == NULL;
	}
	if (open < t->n)
		log_say("%zu of %zu interfaces are watched, the rest when they are back", open, t->n);
	return open > 0;
}

size_t
taps_poll(const struct taps *t, struct pollfd *p)
{
	for (size_t i = 0; i < t->n; i++)
		p[i] = (struct pollfd){ .fd = t->tap[i].fd, .events = POLLIN };
	return t->n;
}

bool
taps_read(struct taps *t, int max, tap_frame *fn, void *arg)
{
	size_t open = 0;
	for (size_t i = 0; i < t->n; i++) {
		if (t->tap[i].pcap == NULL)
			continue;
		if (tap_read(&t->tap[i], max, fn, arg))
			open++;
		else
			tap_close(&t->tap[i]);
	}
	return open > 0;
}

/* Drops are told as they grow: absence proves nothing in a window that lost packets. */
static struct loss
lost_since(struct taps *t, size_t i)
{
	struct tap_counts n = tap_counts(&t->tap[i]), *told = &t->told[i];
	if (t->tap[i].pcap == NULL)
		return (struct loss){ 0 };
	uint64_t got = n.got - told->got, lost = n.dropped - told->dropped + (n.missed - told->missed);
	*told = n;
	t->lost += lost;
	return (struct loss){ .packets = lost, .total = got + lost };
}

/* Told when it changes. */
static bool
blind_since(struct taps *t, size_t i, const struct nic *now)
{
	const struct tap *tap = &t->tap[i];
	bool was = t->blind[i], gone = tap->pcap == NULL;
	bool flapped = (now->there || t->nic[i].there) && nic_blind(&t->nic[i], now);
	t->blind[i] = gone || (now->there && !now->carrier);
	t->saw[i] |= now->carrier;
	if (t->blind[i] != was)
		log_say("%s: %s", tap->iface,
			!t->blind[i] ? "carrier is back"
			: gone	     ? "not watched any more"
				     : "no carrier, nothing is seen");
	return t->saw[i] && (t->blind[i] || was || flapped);
}

bool
taps_look(struct taps *t, ts_t now, taps_loss *fn, void *arg)
{
	bool back = false;
	for (size_t i = 0; i < t->n; i++) {
		struct nic nic = nic_look(t->tap[i].iface);
		struct obs o = { .ts = now, .kind = OBS_LOSS, .iface = (uint16_t)i };
		o.u.loss = lost_since(t, i);
		o.u.loss.since = t->looked != TS_NONE && t->looked < now ? t->looked : now - TS_SEC;
		o.u.loss.until = now;
		o.u.loss.blind = blind_since(t, i, &nic);
		if (o.u.loss.packets || o.u.loss.blind)
			fn(arg, &o);
		if (t->tap[i].pcap == NULL && nic_back(&t->nic[i], &nic)) {
			log_say("%s: it is back", t->tap[i].iface);
			back = true;
		}
		t->nic[i] = nic;
	}
	t->looked = now;
	return back;
}

uint64_t
taps_frames(const struct taps *t)
{
	uint64_t n = 0;
	for (size_t i = 0; i < t->n; i++)
		n += t->tap[i].frames;
	return n;
}

void
taps_tell(const struct taps *t)
{
	for (size_t i = 0; i < t->n; i++) {
		struct tap_counts n = tap_counts(&t->tap[i]);
		log_say("%s: %" PRIu64 " frames, %" PRIu64 " dropped by the kernel, %" PRIu64
			" by the interface",
			t->tap[i].iface, t->tap[i].frames, n.dropped, n.missed);
	}
}

void
taps_close(struct taps *t)
{
	for (size_t i = 0; i < t->n; i++)
		tap_close(&t->tap[i]);
}
