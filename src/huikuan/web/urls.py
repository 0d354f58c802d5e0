"""The staff's addresses. A name is the page's; every one of them asks for a signed-in person."""

from __future__ import annotations

from django.urls import path

from huikuan.web import ageing, customers, entities, home, imports, items, preferences, receipts, search, settlements

urlpatterns = [
    path("", home.show_home, name="home"),
    path("search/", search.show_results, name="search"),
    path("customers/", customers.list_customers, name="customers"),
    path("customers/<slug:public_id>/", customers.show_customer, name="customer"),
    path("receivables/items/", items.list_items, name="items"),
    path("receivables/items/<slug:public_id>/", items.show_life, name="item"),
    path("receivables/receipts/<slug:public_id>/", receipts.show_receipt, name="receipt"),
    path("receivables/entries/<slug:public_id>/", items.show_entry, name="entry"),
    path("receivables/ageing/", ageing.show_ageing, name="ageing"),
    path("receivables/ageing.xlsx", ageing.export_ageing, name="ageing_export"),
    path("receivables/imports/", imports.list_imports, name="imports"),
    path("receivables/imports/new/", imports.new_import, name="import_new"),
    path("receivables/imports/<int:batch_id>/", imports.show_import, name="import"),
    path("receivables/imports/<int:batch_id>/check/", imports.check_again, name="import_check"),
    path("receivables/imports/<int:batch_id>/post/", imports.post_import, name="import_post"),
    path("receivables/imports/<int:batch_id>/discard/", imports.discard_import, name="import_discard"),
    path("receivables/imports/<int:batch_id>/annotated", imports.download_annotated, name="import_annotated"),
    path("receivables/settlements/", settlements.list_settlements, name="settlements"),
    path("receivables/settlements/decide/", settlements.decide, name="settlements_decide"),
    path("settings/entities/new/", entities.new_entity, name="entity_new"),
    path("settings/", preferences.show_settings, name="settings"),
]
