# Takes the oldest, whatever is known of its kind.
def schedule_online(view):
    places, held = view["places"], set()
    for row in view["queue"]:
        tokens = row["input"] + row["generated"] + 1
        homes = [name for name in places if places[name]["room"] >= tokens]
        homes = [name for name in homes if len(places[name]["gpus"]) == 1] or homes
        homes.sort(key=lambda name: places[name]["room"])
        for name in homes:
            if places[name]["free"] >= tokens and not held & set(places[name]["gpus"]):
                return [[row["id"], name]]
        held |= set(places[homes[0]]["gpus"])
    return []
