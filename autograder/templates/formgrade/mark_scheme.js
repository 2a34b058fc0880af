// A mark scheme whose items can be clicked, or chosen by their numbers on the keyboard. The points of the chosen
// items add up to the score; which they are stands in the first line of the comment, so that the student sees
// it and the page finds it again. Below a comment stand the remarks made on other submissions, ready to be used.
$(function () {
    const ITEM = /^\s*(\d+(?:\.\d+)?) points?\b/;
    const LINE = /^Points: .*\.(?:\n+|$)/;
    const used = JSON.parse(document.getElementById("remarks").textContent) || {};
    let lastAnswer = null;

    function answerBefore(list) {
        const answers = $(".nbgrader_cell").filter((_, cell) =>
            cell.querySelector("input.score") && cell.querySelector("textarea.comment") &&
            cell.compareDocumentPosition(list) & Node.DOCUMENT_POSITION_FOLLOWING);
        return answers.last();
    }

    function items(list) {
        return list.children("li").get().flatMap(function (element) {
            const points = ITEM.exec(element.textContent);
            const name = element.querySelector("em");
            return points && name ? [{ element, points: Number(points[1]), name: name.textContent.trim() }] : [];
        });
    }

    function chosenIn(comment, scheme) {
        const line = (LINE.exec(comment) || [""])[0];
        return scheme.filter(item => line.includes(`${item.name} ${item.points}`));
    }

    function put(input, value) {
        input.val(value).trigger("change"); // nbgrader saves when a field has changed
    }

    function prepare(list) {
        const answer = answerBefore(list[0]), scheme = items(list);
        if (!answer.length || !scheme.length) {
            return;
        }
        const score = answer.find("input.score"), comment = answer.find("textarea.comment");
        scheme.forEach(function (item, place) {
            const box = $("<input type=checkbox>").attr("aria-label", `${item.points} for ${item.name}`);
            item.box = box.on("change", choose);
            $("<label class=mark-item>").append(box, ` <kbd>${place + 1}</kbd>`).prependTo(
                $(item.element).css("list-style", "none"));
        });

        function choose() {
            const words = scheme.map(item => `${item.name} ${item.box.prop("checked") ? item.points : 0}`);
            const chosen = scheme.filter(item => item.box.prop("checked"));
            put(score, chosen.reduce((sum, item) => sum + item.points, 0));
            put(comment, `Points: ${words.join(", ")}.\n\n${comment.val().replace(LINE, "")}`);
        }

        function show() {
            const chosen = chosenIn(comment.val(), scheme);
            scheme.forEach(item => item.box.prop("checked", chosen.includes(item)));
        }

        // The comment comes from the gradebook a moment after the page.
        const field = comment[0], wait = setInterval(function () {
            if (formgrader.comments && formgrader.comments.loaded) {
                clearInterval(wait);
                show();
            }
        }, 50);
        comment.on("change", show);
        answer.on("focusin", () => { lastAnswer = scheme; });
        lastAnswer = lastAnswer || scheme;

        const remarks = $("<div class=remarks>").insertAfter(comment);
        for (const remark of used[field.id.replace(/-comment$/, "")] || []) {
            $("<button type=button class='btn btn-default btn-xs'>").text(remark).attr("title", remark)
                .on("click", () => put(comment, [comment.val().trimEnd(), remark].filter(Boolean).join("\n\n")))
                .appendTo(remarks);
        }
    }

    $(".text_cell_render").filter((_, cell) => /^\s*Mark scheme/.test(cell.textContent)).find("ul, ol")
        .each((_, list) => prepare($(list)));

    $(document).on("keydown", function (event) {
        const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) && event.target.type !== "checkbox";
        const item = (lastAnswer || [])[Number(event.key) - 1];
        if (item && !typing && !event.ctrlKey && !event.altKey && !event.metaKey) {
            item.box.trigger("click");
        }
    });
});
