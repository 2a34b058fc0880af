// Reading a warp's notes: lanes that stand at the same instruction go together, the lowest instruction first, which
// is how lanes that took different ways meet again behind a branch or a loop.
#include "inspector.h"

#include <sys/mman.h>

void Inspector::prepare_sites(const uint64_t* table) {
    uintptr_t last = 0;
    first_pc = ~(uintptr_t)0;
    for (site_count = 0; table[2 * site_count]; ++site_count) {
        uintptr_t pc = table[2 * site_count];
        first_pc = pc < first_pc ? pc : first_pc, last = pc > last ? pc : last;
    }
    site_at = (uint16_t*)calloc(last - first_pc + 1, sizeof *site_at);
    lines = (int*)calloc(site_count + 1, sizeof *lines);
    first_stat = (int*)malloc((site_count + 1) * sizeof *first_stat);
    for (unsigned i = 0; i <= site_count; ++i) first_stat[i] = -1;
    for (unsigned i = 0; i < site_count && i < 0x7ffe; ++i) {
        site_at[table[2 * i] - first_pc] = (uint16_t)(i + 1);
        lines[i + 1] = (int)table[2 * i + 1];
    }
}

void Inspector::prepare_traces() {
    // The lanes' notes are staggered, so that 32 of them do not compete for one cache set.
    size_t stride = kTraceEntries * sizeof(Entry) + 4096 + 128;
    char* room = (char*)mmap(nullptr, stride * kLanes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    for (unsigned lane = 0; lane < kLanes; ++lane) {
        Trace& trace = traces[lane];
        trace.start = trace.end = (Entry*)(room + lane * stride);
        trace.limit = trace.start + kTraceEntries;
    }
}

void Inspector::read_notes(Worker*, unsigned warp, unsigned lanes) {
    reading = true;
    Entry* at[kLanes];
    unsigned active = 0;
    for (unsigned rest = lanes; rest; rest &= rest - 1) {
        unsigned lane = (unsigned)__builtin_ctz(rest);
        at[lane] = traces[lane].start;
        if (at[lane] != traces[lane].end) active |= 1u << lane;
    }
    unsigned all = active;
    while (active) {
        uint32_t lowest = ~0u;
        unsigned group = 0;
        for (unsigned rest = active; rest; rest &= rest - 1) {
            unsigned lane = (unsigned)__builtin_ctz(rest);
            uint32_t pc = at[lane]->pc;
            if (pc > lowest) continue;
            group = (pc == lowest ? group : 0) | 1u << lane;
            lowest = pc;
        }
        instruction(warp, group, at);
        for (unsigned rest = group; rest; rest &= rest - 1) {
            unsigned lane = (unsigned)__builtin_ctz(rest);
            if (++at[lane] == traces[lane].end) active &= ~(1u << lane);
        }
    }
    for (unsigned rest = all; rest; rest &= rest - 1) {
        Trace& trace = traces[__builtin_ctz(rest)];
        trace.end = trace.start;
    }
    reading = false;
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
    int site = site_at[entries[first]->pc];
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
        unsigned size = entries[first]->bytes;
        for (unsigned rest = lanes; rest; rest &= rest - 1) {
            unsigned lane = (unsigned)__builtin_ctz(rest);
            const Entry& entry = *entries[lane];
            if (entry.address - start < bytes && entry.bytes == size) together |= 1u << lane;
        }
        on_array(warp, together, entries, array, site);
        lanes &= ~together;
    }
}

void Inspector::on_array(unsigned warp, unsigned lanes, Entry* const* entries, int index, int site) {
    Array& array = arrays[index];
    const Entry& sample = *entries[__builtin_ctz(lanes)];
    const unsigned size = sample.bytes;
    const Access access = sample.access;
    const Clocks& clock = clocks_of(warp);
    uint64_t offsets[kLanes];
    uint8_t who[kLanes];
    unsigned n = 0;
    bool consecutive = true, same = true;
    for (unsigned rest = lanes; rest; rest &= rest - 1) {
        unsigned lane = (unsigned)__builtin_ctz(rest);
        uint64_t offset = entries[lane]->address - array.start;
        who[n] = (uint8_t)lane, offsets[n] = offset;
        consecutive &= offset == offsets[0] + (uint64_t)n * size, same &= offset == offsets[0];
        n++;
        Actor now = {shadow.block_numbers[shadow.block_serial - 1], warp * kLanes + lane, site, access};
        if (offset + size > array.bytes || ((size & (size - 1)) == 0 && (offset & (size - 1)))) {
            Finding finding = {};
            finding.kind = offset + size > array.bytes ? "out of bounds" : "misaligned";
            finding.array = index, finding.index = (int64_t)(offset / array.element), finding.actor = now, finding.count = 1;
            findings.add(finding);
            if (offset + size > array.bytes) continue;
        }
        for (uint64_t cell = offset >> array.shift; cell <= (offset + size - 1) >> array.shift; ++cell) {
            uint64_t begin = cell << array.shift, end = begin + (1u << array.shift);
            unsigned from = (unsigned)(offset > begin ? offset - begin : 0);
            unsigned to = (unsigned)((offset + size < end ? offset + size : end) - begin);
            uint8_t mask = (uint8_t)((1u << to) - (1u << from));
            if (array.space == kShared) {
                Cell& c = array.cells[cell];
                uint8_t written = c.written_in == shadow.block_serial ? c.written_mask : 0;
                if (access != kWrite && access != kAtomicWrite && mask & ~written) {
                    Finding finding = {};
                    finding.kind = "uninitialized";
                    finding.array = index, finding.index = (int64_t)(begin / array.element);
                    finding.actor = now, finding.count = 1;
                    findings.add(finding);
                }
                if (access != kRead) c.written_in = shadow.block_serial, c.written_mask = written | mask;
            }
            shadow.touch(array, index, cell, mask, clock.of[lane], now);
        }
        if (array.space != kShared) {
            if (event_count == kMaxEvents) too_many_events = true;
            else if (!too_many_events)
                events[event_count++] = {index, (int)(offset / array.element), (unsigned)now.block, now.thread, access};
        }
    }
    Stat& s = stat(site, index, access);
    s.accesses += n, s.bytes += (uint64_t)n * size, s.requests++;
    if (access == kRead) array.reads += n, array.read_bytes += (uint64_t)n * size;
    else if (access == kWrite) array.writes += n, array.write_bytes += (uint64_t)n * size;
    else array.atomics += n;
    Cost cost = {1, 1};
    if (array.space == kShared) {
        if (!(same || (consecutive && size == 4))) cost = bank_cost(offsets, who, n, size);
        s.passes += cost.actual, s.ideal_passes += cost.ideal;
    } else {
        cost = sector_cost(offsets, n, size);
        s.sectors += cost.actual, s.ideal_sectors += cost.ideal;
    }
}

// An address in no array: beside one of them, in the null page, or nowhere.
void Inspector::stray(unsigned warp, unsigned lane, const Entry& entry, int site) {
    if (entry.address - image_low < image_high - image_low) return;  // a table of constants in the code itself
    Finding finding = {};
    finding.kind = "out of bounds";
    finding.array = -1, finding.address = entry.address, finding.count = 1;
    finding.actor = {shadow.block_numbers[shadow.block_serial - 1], warp * kLanes + lane, site, entry.access};
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
