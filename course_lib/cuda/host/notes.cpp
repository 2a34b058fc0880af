// Reading a warp's notes: lanes that stand at the same line of the source go together, the lowest line first, which
// is how lanes that took different ways meet again behind a branch or a loop; lanes at a line to which no other will
// come, as in `if (lane == 0) ...`, wait for nobody. Lines and not instructions, because a compiler may have made two
// copies of a line's code; so compilers agree on what a warp does at once.
#include "inspector.h"

#include <sys/mman.h>

void Inspector::prepare_sites(const uint64_t* table) {
    uintptr_t last = 0;
    int last_line = 0;
    first_pc = ~(uintptr_t)0;
    for (site_count = 0; table[2 * site_count]; ++site_count) {
        uintptr_t pc = table[2 * site_count];
        first_pc = pc < first_pc ? pc : first_pc, last = pc > last ? pc : last;
    }
    site_at = (uint16_t*)calloc(last - first_pc + 1, sizeof *site_at);
    lines = (int*)calloc(site_count + 1, sizeof *lines);
    first_stat = (int*)malloc((site_count + 1) * sizeof *first_stat);
    last_array = (int*)calloc(site_count + 1, sizeof *last_array);
    for (unsigned i = 0; i <= site_count; ++i) first_stat[i] = -1;
    for (unsigned i = 0; i < site_count && i < 0x7ffe; ++i) {
        site_at[table[2 * i] - first_pc] = (uint16_t)(i + 1);
        lines[i + 1] = (int)table[2 * i + 1];
        last_line = lines[i + 1] > last_line ? lines[i + 1] : last_line;
    }
    lanes_to_come = (uint32_t*)calloc(last_line + 1, sizeof *lanes_to_come);
    last_row = (uint32_t*)calloc((size_t)(last_line + 1) * kLanes, sizeof *last_row);
}

void Inspector::prepare_traces() {
    size_t entries = kTraceRows * kLanes;
    Entry* room = (Entry*)Array::zeroes(entries * sizeof(Entry));
    trace_limit = room + entries;
    for (unsigned lane = 0; lane < kLanes; ++lane) traces[lane].start = traces[lane].end = room + lane;
}

void Inspector::read_notes(Worker*, unsigned warp, unsigned lanes) {
    reading = true;
    Entry* at[kLanes];
    unsigned active = 0;
    size_t rows = kTraceRows;  // that all lanes have
    for (unsigned lane = 0; lane < kLanes; ++lane) {
        at[lane] = traces[lane].start;
        size_t mine = lanes >> lane & 1 ? (size_t)(traces[lane].end - at[lane]) / kLanes : 0;
        active |= (unsigned)(mine != 0) << lane;
        rows = mine < rows ? mine : rows;
    }
    const unsigned all = active;
    size_t together = 0;
    while (together < rows && whole_warp(warp, traces[0].start + together * kLanes)) ++together;
    for (unsigned rest = active; rest; rest &= rest - 1) {
        unsigned lane = (unsigned)__builtin_ctz(rest);
        at[lane] += together * kLanes;
        if (at[lane] == traces[lane].end) active &= ~(1u << lane);
    }
    if (active) look_ahead(active, at);
    while (active) {
        unsigned group = next_group(active, at);
        instruction(warp, group, at);
        for (unsigned rest = group; rest; rest &= rest - 1) {
            unsigned lane = (unsigned)__builtin_ctz(rest);
            int line = line_of(at[lane]);
            if (row_of(at[lane]) == last_row[line * kLanes + lane]) lanes_to_come[line] &= ~(1u << lane);
            if ((at[lane] += kLanes) == traces[lane].end) active &= ~(1u << lane);
        }
    }
    for (unsigned rest = all; rest; rest &= rest - 1) {
        Trace& trace = traces[__builtin_ctz(rest)];
        trace.end = trace.start;
    }
    reading = false;
}

void Inspector::look_ahead(unsigned active, Entry* const* at) {
    for (unsigned rest = active; rest; rest &= rest - 1) {
        unsigned lane = (unsigned)__builtin_ctz(rest);
        for (const Entry* entry = at[lane]; entry != traces[lane].end; entry += kLanes) {
            int line = line_of(entry);
            lanes_to_come[line] |= 1u << lane;
            last_row[line * kLanes + lane] = row_of(entry);
        }
    }
}

// The lanes that go next: at a line to which no other lane will come, else those at the lowest line.
unsigned Inspector::next_group(unsigned active, Entry* const* at) const {
    const uint64_t first = at[__builtin_ctz(active)]->rest;
    unsigned same = 0, chosen = 0;
    for (unsigned rest = active; rest; rest &= rest - 1) {
        unsigned lane = (unsigned)__builtin_ctz(rest);
        same |= (unsigned)(at[lane]->rest == first) << lane;
    }
    if (same == active) return active;
    int lowest = 0;
    for (unsigned rest = active; rest;) {
        const int line = line_of(at[__builtin_ctz(rest)]);
        unsigned here = 0;
        for (unsigned others = rest; others; others &= others - 1) {
            unsigned lane = (unsigned)__builtin_ctz(others);
            here |= (unsigned)(line_of(at[lane]) == line) << lane;
        }
        rest &= ~here;
        const bool is_free = !(lanes_to_come[line] & ~here);
        if (!chosen || is_free || line < lowest) chosen = here, lowest = line;
        if (is_free) break;
    }
    unsigned group = 0, least = ~0u;
    for (unsigned rest = chosen; rest; rest &= rest - 1) {
        unsigned lane = (unsigned)__builtin_ctz(rest), access = at[lane]->access();
        if (access > least) continue;
        group = (access == least ? group : 0) | 1u << lane;
        least = access;
    }
    return group;
}

// The common case, made short: all 32 lanes at one instruction in one array, inside and aligned. False when it is
// not that; then nothing was done.
bool Inspector::whole_warp(unsigned warp, const Entry* row) {
    const uint64_t rest = row->rest;
    const unsigned size = row->bytes();
    const int site = site_at[row->pc()];
    const Access access = row->access();
    int index = last_array[site];
    if (row->address - arrays[index].start >= arrays[index].bytes) {
        index = array_of(row->address);
        if (index < 0) return false;
        last_array[site] = index;
    }
    Array& array = arrays[index];
    if (array.bytes < size) return false;
    const uint64_t start = array.start, last = array.bytes - size, misfit = size & (size - 1) ? 0 : size - 1;
    // Bits are gathered in place of branches, so that the compiler takes several lanes at a time.
    uint64_t offsets[kLanes], differences = 0, bits = 0, lowest = ~0ull, highest = 0;
    for (unsigned lane = 0; lane < kLanes; ++lane) {
        uint64_t offset = row[lane].address - start;
        offsets[lane] = offset, differences |= row[lane].rest ^ rest, bits |= offset;
        lowest = offset < lowest ? offset : lowest, highest = offset > highest ? offset : highest;
    }
    if (differences | (bits & misfit) | (highest > last)) return false;
    const bool shared = array.space == kShared;
    touch_lanes(warp, array, index, offsets, size, access, site);
    if (!shared && !too_many_events) {
        static const uint8_t everyone[kLanes] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                                                 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31};
        add_events(index, warp, offsets, everyone, kLanes, {shadow.number(), 0, site, access});
    }
    count(array, index, site, access, offsets, nullptr, kLanes, size, in_one_pass(lowest, highest, size));
    return true;
}

// The shadow's part of whole_warp.
inline void Inspector::touch_lanes(unsigned warp, Array& array, int index, const uint64_t* offsets, unsigned size,
                                   Access access, int site) {
    const bool shared = array.space == kShared;
    const uint8_t full = (uint8_t)((1u << size) - 1);
    const uint32_t mine = shadow.quiet_tag(warp), everyones = shadow.quiet_tag_of_every_warp();
    const Clocks& clock = clocks_of(warp);
    Actor now = {shadow.number(), 0, site, access};
    const bool plain_read = access == kRead && size == 1u << array.shift;
    unsigned loud = 0;
    if (plain_read && shared) {
        for (unsigned lane = 0; lane < kLanes; ++lane) {
            uint32_t tag = array.quiet[offsets[lane] >> array.shift];
            loud |= (unsigned)((tag != mine) & (tag != everyones)) << lane;
        }
    } else {
        loud = ~0u;
    }
    for (unsigned rest = loud; rest; rest &= rest - 1) {
        unsigned lane = (unsigned)__builtin_ctz(rest);
        size_t cell = offsets[lane] >> array.shift;
        now.thread = warp * kLanes + lane;
        if (plain_read) {
            if (!shared) array.cells[cell].reads += array.cells[cell].reads != 0xffff;
            uint32_t tag = array.quiet[cell];  // an earlier lane of this row may have settled it
            if (tag == mine || tag == everyones) continue;
        } else if (access == kRead && !shared) {
            count_reads(array, offsets[lane], size);
        }
        on_cells(index, offsets[lane], size, clock.of[lane], now);
        if (plain_read) shadow.note_quiet(array, cell, warp, shared, full);
    }
}

inline void Inspector::count_reads(Array& array, uint64_t offset, unsigned size) {
    for (uint64_t c = offset >> array.shift; c <= (offset + size - 1) >> array.shift; ++c)
        array.cells[c].reads += array.cells[c].reads != 0xffff;
}

// Requests, bytes, sectors and passes of one instruction.
void Inspector::count(Array& array, int index, int site, Access access, uint64_t* offsets, const uint8_t* who, unsigned n,
                      unsigned size, bool one_pass) {
    Stat& s = stat(site, index, access);
    s.accesses += n, s.bytes += (uint64_t)n * size, s.requests++;
    if (access == kRead) array.reads += n, array.read_bytes += (uint64_t)n * size;
    else if (access == kWrite) array.writes += n, array.write_bytes += (uint64_t)n * size;
    else array.atomics += n;
    if (array.space == kShared) {
        Cost cost = one_pass ? Cost{1, 1} : bank_cost(offsets, who, n, size);
        s.passes += cost.actual, s.ideal_passes += cost.ideal;
    } else {
        Moved moved = moved_sectors(offsets, n, size);
        s.sectors += moved.sectors, s.used_bytes += moved.used_bytes;
    }
}

Stat& Inspector::stat(int site, int array, Access access) {
    for (int i = first_stat[site]; i >= 0; i = stats[i].next)
        if (stats[i].array == array && stats[i].access == access) return stats[i];
    unsigned i = stat_count < kMaxStats - 1 ? stat_count++ : kMaxStats - 1;
    stats[i] = {site, array, first_stat[site], access, 0, 0, 0, 0, 0, 0, 0};
    first_stat[site] = (int)i;
    return stats[i];
}

// One instruction of a warp, executed by `lanes`; they usually meet in one array.
void Inspector::instruction(unsigned warp, unsigned lanes, Entry* const* entries) {
    unsigned first = (unsigned)__builtin_ctz(lanes);
    int site = site_at[entries[first]->pc()];
    while (lanes) {
        first = (unsigned)__builtin_ctz(lanes);
        int array = array_of(entries[first]->address);
        unsigned together = 0;
        if (array < 0) {
            stray(warp, first, *entries[first], site);
            lanes &= lanes - 1;
            continue;
        }
        uintptr_t start = arrays[array].start;
        size_t bytes = arrays[array].bytes;
        unsigned size = entries[first]->bytes();
        for (unsigned rest = lanes; rest; rest &= rest - 1) {
            unsigned lane = (unsigned)__builtin_ctz(rest);
            const Entry& entry = *entries[lane];
            if (entry.address - start < bytes && entry.bytes() == size) together |= 1u << lane;
        }
        on_array(warp, together, entries, array, site);
        lanes &= ~together;
    }
}

void Inspector::add_finding(const char* kind, int array, uint64_t offset, const Actor& now) {
    Finding finding = {};
    finding.kind = kind, finding.array = array, finding.index = (int64_t)(offset / arrays[array].element);
    finding.actor = now, finding.count = 1;
    findings.add(finding);
}

// One lane's access to the cells that it covers.
inline void Inspector::on_cells(int index, uint64_t offset, unsigned bytes, const uint32_t* clocks, const Actor& now) {
    Array& array = arrays[index];
    for (uint64_t cell = offset >> array.shift; cell <= (offset + bytes - 1) >> array.shift; ++cell) {
        uint64_t begin = cell << array.shift, end = begin + (1u << array.shift);
        unsigned from = (unsigned)(offset > begin ? offset - begin : 0);
        unsigned to = (unsigned)((offset + bytes < end ? offset + bytes : end) - begin);
        uint8_t mask = (uint8_t)((1u << to) - (1u << from));
        if (array.space == kShared) {
            Cell& c = array.cells[cell];
            uint8_t written = c.written_in == shadow.block_serial ? c.written_mask : 0;
            if (now.access != kRead) c.written_in = shadow.block_serial, c.written_mask = written | mask;
            if ((now.access == kRead || now.access == kAtomic) && mask & ~written)
                add_finding("uninitialized", index, begin, now);
        }
        shadow.touch(array, index, cell, mask, clocks, now);
    }
}

// Each access to global memory, as long as there are few enough to draw.
void Inspector::add_events(int array, unsigned warp, const uint64_t* offsets, const uint8_t* who, unsigned n, const Actor& now) {
    too_many_events = event_count + n > kMaxEvents;
    for (unsigned i = 0; i < n && !too_many_events; ++i)
        events[event_count++] = {array, (int)(offsets[i] / arrays[array].element), (unsigned)now.block,
                                 warp * kLanes + who[i], now.access};
}

// Some lanes of a warp at one line of the source, in one array.
void Inspector::on_array(unsigned warp, unsigned lanes, Entry* const* entries, int index, int site) {
    Array& array = arrays[index];
    const Entry& sample = *entries[__builtin_ctz(lanes)];
    const unsigned size = sample.bytes();
    const Access access = sample.access();
    const Clocks& clock = clocks_of(warp);
    uint64_t offsets[kLanes];
    uint8_t who[kLanes];
    unsigned n = 0, misfits = (size & (size - 1)) == 0 ? size - 1 : 0;
    uint64_t lowest = ~0ull, highest = 0;
    const bool shared = array.space == kShared;
    Actor now = {shadow.number(), 0, site, access};
    for (unsigned rest = lanes; rest; rest &= rest - 1) {
        unsigned lane = (unsigned)__builtin_ctz(rest);
        uint64_t offset = entries[lane]->address - array.start;
        who[n] = (uint8_t)lane, offsets[n] = offset;
        lowest = offset < lowest ? offset : lowest, highest = offset > highest ? offset : highest;
        n++;
        now.thread = warp * kLanes + lane;
        if (offset & misfits) add_finding("misaligned", index, offset, now);
        if (offset + size > array.bytes) {
            add_finding("out of bounds", index, offset, now);
            continue;
        }
        if (access == kRead && !shared) count_reads(array, offset, size);
        on_cells(index, offset, size, clock.of[lane], now);
    }
    if (!shared && !too_many_events) add_events(index, warp, offsets, who, n, now);
    count(array, index, site, access, offsets, who, n, size, in_one_pass(lowest, highest, size));
}

// An address in no array: beside one of them, in the null page, or nowhere.
void Inspector::stray(unsigned warp, unsigned lane, const Entry& entry, int site) {
    // A table of constants in the code itself may be read.
    if (entry.address - image_low < image_high - image_low && entry.access() == kRead) return;
    Finding finding = {};
    finding.kind = "out of bounds";
    finding.array = -1, finding.address = entry.address, finding.count = 1;
    finding.actor = {shadow.number(), warp * kLanes + lane, site, entry.access()};
    uint64_t nearest = 1 << 21;
    for (unsigned i = 0; i < array_count; ++i) {
        const Array& array = arrays[i];
        uint64_t end = array.start + array.bytes;
        uint64_t distance = entry.address < array.start ? array.start - entry.address : entry.address - end + 1;
        if (distance > nearest) continue;
        nearest = distance, finding.array = (int)i;
        int64_t offset = (int64_t)(entry.address - array.start), element = (int64_t)array.element;
        finding.index = offset < 0 ? (offset - element + 1) / element : offset / element;
    }
    findings.add(finding);
}
