from movierec.promotion.approvals import needs_person


def test_a_person_is_asked_when_the_form_says_so():
    def asked(verdict, approval, champion="ease"):
        return needs_person({"verdict": verdict, "champion": champion}, approval)

    assert [asked(verdict, "when unsure") for verdict in ("promote", "ask", "keep")] == [False, True, False]
    assert [asked(verdict, "always") for verdict in ("promote", "ask", "keep")] == [True, True, False]
    assert not any(asked(verdict, "never") for verdict in ("promote", "ask", "keep"))
    assert not asked("promote", "always", champion=None)
