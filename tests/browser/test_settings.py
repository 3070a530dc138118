"""Settings in the browser: a policy changed by one person's proposal and another's approval."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from .conftest import Installation, signed_in


def test_a_policy_is_proposed_by_one_and_approved_by_another(browser: Browser, own: Installation) -> None:
    with signed_in(browser, own, "kanri") as context:
        page = context.new_page()
        page.goto("/demo/settings/policies")
        page.get_by_label("消費税の端数").select_option(label="四捨五入")
        page.get_by_label("変える理由").fill("取引先とそろえるため")
        page.get_by_role("button", name="変更を申請する").click()
        expect(page.get_by_role("region", name="承認を待つ申請")).to_contain_text("消費税の端数: 切り捨て → 四捨五入")
        expect(page.get_by_text("自分の申請は承認できません")).to_be_visible()
        page.get_by_label("手数料とみなす上限").fill("たくさん")
        page.get_by_role("button", name="変更を申請する").click()
        expect(page.get_by_role("alert")).to_contain_text("0 以上の円で指定してください")
    with signed_in(browser, own, "yamamoto") as context:
        page = context.new_page()
        page.goto("/demo/approvals")
        page.get_by_role("button", name="承認", exact=True).click()
        expect(page.get_by_role("status")).to_contain_text("承認しました。消費税の端数")
        expect(page.get_by_role("region", name="決めた申請")).to_contain_text("yamamoto")
        page.goto("/demo/settings/policies")
        expect(page.get_by_label("消費税の端数")).to_have_value("half_up")
        expect(page.get_by_label("消費税の端数")).to_be_disabled()
        expect(page.get_by_text("消費税の端数 → 四捨五入(yamamoto)")).to_be_visible()
